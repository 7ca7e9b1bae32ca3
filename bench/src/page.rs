//! The page of all measurements, from what they recorded: a table for each, its plots, and what is out of bounds.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::failure::{Because, Failure};
use crate::plot;
use crate::report::Report;

const HEAD: &str = "# Benchmarks

Written by `cargo xtask bench`, which measures all of it again. Server, load generator and what it is compared with share the two
cores of one machine. Machines are shared and throttled, so that a rate says little by itself: where it can be, it is told as a share of a limit that was
measured in turn with it, and the round in the middle counts; latencies are those of all rounds. At a fixed rate (rates, latency, the looks
of mixed, those who look on while something else is measured) they count from the moment at which a request was to be sent, which may be up to a millisecond before it could be.
";

#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder with the records
    #[arg(long, value_name = "FOLDER")]
    records: PathBuf,
    /// Where the page goes; its plots go to a folder of the same name beside it
    #[arg(long, value_name = "FILE")]
    page: PathBuf,
}

pub(crate) fn write(arguments: &Arguments) -> Result<(), Failure> {
    let plots = arguments.page.with_extension("");
    fs::create_dir_all(&plots).because(plots.display())?;
    let mut page = HEAD.to_owned();
    for report in read_all(&arguments.records)? {
        page.push_str(&section(&report, &plots)?);
    }
    fs::write(&arguments.page, page).because(arguments.page.display())
}

/// All records, in the order of their files' names.
fn read_all(folder: &Path) -> Result<Vec<Report>, Failure> {
    let entries = fs::read_dir(folder).because(folder.display())?;
    let files = entries.flatten().map(|entry| entry.path());
    let is_record = |file: &PathBuf| file.extension().is_some_and(|ending| ending == "json");
    let mut files: Vec<PathBuf> = files.filter(is_record).collect();
    files.sort();
    let read = |file: PathBuf| {
        let text = fs::read_to_string(&file).because(file.display())?;
        serde_json::from_str(&text).because(file.display())
    };
    files.into_iter().map(read).collect()
}

/// What is told of one measurement.
fn section(report: &Report, plots: &Path) -> Result<String, Failure> {
    let (name, rest) = report.title.split_once(':').unwrap_or((&report.title, ""));
    let mut parts = vec![format!(
        "\n## {name}\n\n{}\n\n| | |\n|---|---|\n",
        rest.trim()
    )];
    let rows = report.rows.iter();
    parts.extend(rows.map(|(label, value)| format!("| {} | {value} |\n", label.trim())));
    let folder = plots.file_name().unwrap_or_default().to_string_lossy();
    for one in &report.plots {
        let file = format!("{}.svg", one.name);
        plot::draw(one, &plots.join(&file))?;
        parts.push(format!("\n![{}]({folder}/{file})\n", one.title));
    }
    let broken = report.broken.iter();
    parts.extend(broken.map(|broken| format!("\nOut of bounds: {broken}.\n")));
    Ok(parts.concat())
}
