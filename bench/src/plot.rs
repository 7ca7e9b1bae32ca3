//! Plots, as SVG: lines over an axis that may be of any length, so both axes are logarithmic.

use std::ops::Range;
use std::path::Path;

use plotters::prelude::*;

use crate::failure::{Because, Failure};
use crate::report::{Line, Plot};

const SIZE: (u32, u32) = (720, 360);
/// Readable on a light page and on a dark one.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0x3b, 0x82, 0xf6),
    RGBColor(0xf5, 0x9e, 0x0b),
    RGBColor(0x10, 0xb9, 0x81),
    RGBColor(0xef, 0x44, 0x44),
    RGBColor(0x8b, 0x5c, 0xf6),
    RGBColor(0x92, 0x73, 0x4d),
];
const GREY: RGBColor = RGBColor(0x80, 0x80, 0x80);

pub(crate) fn draw(plot: &Plot, file: &Path) -> Result<(), Failure> {
    drawn(plot, file).because(file.display())
}

fn drawn(plot: &Plot, file: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let root = SVGBackend::new(file, SIZE).into_drawing_area();
    let text = ("sans-serif", 14).into_font().color(&GREY);
    let [along, up] = [|point: &(u64, u64)| point.0, |point: &(u64, u64)| point.1];
    let mut chart = ChartBuilder::on(&root)
        .margin(12)
        .margin_right(48)
        .x_label_area_size(44)
        .y_label_area_size(72)
        .caption(&plot.title, text.clone())
        .build_cartesian_2d(
            extent(&plot.lines, along).log_scale(),
            extent(&plot.lines, up).log_scale(),
        )?;
    chart
        .configure_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GREY.mix(0.3))
        .axis_style(GREY)
        .label_style(text.clone())
        .x_desc(&plot.along)
        .y_desc(&plot.up)
        .draw()?;
    for (line, colour) in plot.lines.iter().zip(COLOURS.iter().cycle()) {
        let points = || line.points.iter().copied();
        let series = LineSeries::new(points(), colour.stroke_width(2));
        chart
            .draw_series(series.point_size(3))?
            .label(&line.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], *colour));
    }
    chart.configure_series_labels().label_font(text).draw()?;
    root.present()?;
    Ok(())
}

/// From the power of ten below the least to the one above the greatest: these are what the axis is marked with.
fn extent(lines: &[Line], of: fn(&(u64, u64)) -> u64) -> Range<u64> {
    let values = || lines.iter().flat_map(|line| line.points.iter().map(of));
    let (least, most) = (values().min().unwrap_or(1), values().max().unwrap_or(1));
    let power = |exponent| 10_u64.saturating_pow(exponent);
    power(least.max(1).ilog10())..power(most.max(1).ilog10() + 1)
}

#[cfg(test)]
mod tests {
    use super::{Line, extent};

    #[test]
    fn an_axis_begins_and_ends_at_powers_of_ten() {
        let line = |points: &[(u64, u64)]| Line {
            name: String::new(),
            points: points.to_vec(),
        };
        let lines = [line(&[(1_000, 2_100), (1_000_000, 4_900)]), line(&[])];
        assert_eq!(extent(&lines, |point| point.0), 1_000..10_000_000);
        assert_eq!(extent(&lines, |point| point.1), 1_000..10_000);
        assert_eq!(extent(&[line(&[(0, 0)])], |point| point.0), 1..10);
    }
}
