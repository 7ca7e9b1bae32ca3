//! The page of all measurements, from what they recorded: a table for each, its plots, and what is out of bounds.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::failure::{Because, Failure};
use crate::plot;
use crate::report::Report;

const HEAD: &str = "# Benchmarks

Written by `cargo xtask bench`, which measures all of it again. Server, load generator and what it is compared with share the two
cores of one machine. Machines are shared and throttled, so that a rate says little by itself: where it can be, it is told as a share of a limit that was
measured in turn with it, and the round in the middle counts, by its share; latencies are those of all rounds. At a fixed rate (rates, latency, the crowds' latencies, the looks
of mixed, those who use the market while something else is measured) they count from the moment at which a request was to be sent.
Where everybody asks as soon as they are answered (reserve, purchase, browse, home), a server that stands still is seen in the rate.

A limit is what the machine did with nothing around it, and not always the most that it could do: who shares a commit with others, or sends many messages as one, can do more than
`pgbench` or a publisher of single messages. The servers run with RATE_LIMITS=off and MAX_LIVE_ORDERS=0, with locks longer than what is measured, and otherwise as they come.
";

#[derive(Args)]
pub(crate) struct Arguments {
    /// The folder with the records
    #[arg(long, value_name = "FOLDER")]
    records: PathBuf,
    /// Where the page goes; its plots go to a folder of the same name beside it
    #[arg(long, value_name = "FILE")]
    page: PathBuf,
    /// The folder with what is known of bounds that are missed: purchase.md is shown where purchase misses one
    #[arg(long, value_name = "FOLDER")]
    notes: PathBuf,
}

pub(crate) fn write(arguments: &Arguments) -> Result<(), Failure> {
    let plots = arguments.page.with_extension("");
    fs::create_dir_all(&plots).because(plots.display())?;
    let reports = read_all(&arguments.records)?;
    let mut page = HEAD.to_owned();
    page.push_str(&revisions(&reports));
    page.push_str(&promises(&reports));
    for report in reports {
        page.push_str(&section(&report, &plots)?);
        page.push_str(&note(&report, &arguments.notes)?);
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

/// Of which revision they are: of one, if all is as it should be.
fn revisions(reports: &[Report]) -> String {
    let mut of: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for report in reports {
        if let Some(revision) = report.revision() {
            of.entry(revision).or_default().push(report.name());
        }
    }
    let each = of.iter().map(|(revision, names)| match of.len() {
        1 => (*revision).to_owned(),
        _ => format!("{revision} ({})", names.join(", ")),
    });
    let each: Vec<String> = each.collect();
    match each.as_slice() {
        [] => String::new(),
        [one] => format!("\nMeasured at {one}.\n"),
        several => format!(
            "\nNot all of it is of one build. Measured at {}.\n",
            several.join(", and at ")
        ),
    }
}

/// What was promised, and what was seen.
fn promises(reports: &[Report]) -> String {
    let rows = reports.iter().flat_map(|report| {
        let name = report.name();
        report.bounds.iter().map(move |bound| {
            let missed = if bound.is_kept { "" } else { "missed: " };
            let (label, promised, seen) = (&bound.label, &bound.promised, &bound.seen);
            format!("| {name} | {label} | {promised} | {missed}{seen} |\n")
        })
    });
    let rows: String = rows.collect();
    if rows.is_empty() {
        return rows;
    }
    format!("\n| | | promised | seen |\n|---|---|---|---|\n{rows}")
}

/// Where the time goes in what misses a bound, and what it would take: written by people.
fn note(report: &Report, notes: &Path) -> Result<String, Failure> {
    let file = notes.join(format!("{}.md", report.name()));
    if report.broken.is_empty() {
        return Ok(String::new());
    }
    if !file.exists() {
        return Ok("\nWhere the time goes is not known.\n".to_owned());
    }
    let note = fs::read_to_string(&file).because(file.display())?;
    Ok(format!("\n{note}"))
}

/// What is told of one measurement.
fn section(report: &Report, plots: &Path) -> Result<String, Failure> {
    let (name, rest) = report.name_and_rest();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missed_is_told_with_what_is_known_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let [records, notes] = ["records", "notes"].map(|name| folder.path().join(name));
        for folder in [&records, &notes] {
            fs::create_dir(folder).unwrap();
        }
        for (name, seen) in [("one", 90), ("two", 100), ("three", 80)] {
            let mut report = Report::new(format!("{name}: as it was measured"));
            report.at_least("figures a second", seen, Some(100));
            report
                .record(&records.join(format!("{name}.json")))
                .unwrap();
            if name != "three" {
                let note = notes.join(format!("{name}.md"));
                fs::write(note, format!("Known of {name}.\n")).unwrap();
            }
        }
        let page = folder.path().join("page.md");
        let arguments = Arguments {
            records,
            page: page.clone(),
            notes,
        };
        write(&arguments).unwrap();
        let page = fs::read_to_string(page).unwrap();
        for line in [
            "| one | figures a second | at least 100 | missed: 90 |",
            "| two | figures a second | at least 100 | 100 |",
            "Out of bounds: figures a second: 90, and not at least 100.",
            "Known of one.",
            "Where the time goes is not known.",
        ] {
            assert!(page.lines().any(|one| one == line), "{line} in {page}");
        }
        assert!(!page.contains("Known of two."));
    }
}
