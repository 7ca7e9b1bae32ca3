//! The table of the planted faults in `docs/proof.md`: which are caught by what, and how fast.

use std::fmt::Write;
use std::fs;

use super::patch::Patch;
use super::scratch::Planted;
use crate::places;
use crate::run::Failure;

const PAGE: &str = "docs/proof.md";
const BEGIN: &str = "<!-- planted faults: written by `cargo xtask bugs --write` -->";
const END: &str = "<!-- end of the planted faults -->";

/// Writes it in the place of the one that is there.
pub(super) fn write(rows: &[(&Patch, Planted)]) -> Result<(), Failure> {
    let path = places::root().join(PAGE);
    let cannot = |error| Failure::new(format!("{PAGE}: {error}"));
    let page = fs::read_to_string(&path).map_err(cannot)?;
    let parts = page.split_once(BEGIN).and_then(|(before, rest)| {
        let (_, after) = rest.split_once(END)?;
        Some((before, after))
    });
    let (before, after) =
        parts.ok_or_else(|| Failure::new(format!("{PAGE} has no place for the table")))?;
    let table = table(rows);
    fs::write(&path, format!("{before}{BEGIN}\n\n{table}\n{END}{after}")).map_err(cannot)?;
    println!("wrote {PAGE}");
    Ok(())
}

fn table(rows: &[(&Patch, Planted)]) -> String {
    let mut table =
        "| | planted fault | its test | | simulation | |\n|---|---|---|--:|--:|--:|\n".to_owned();
    for (patch, planted) in rows {
        let number = patch.name.split('-').next().unwrap_or_default();
        let test = patch.caught_by.last().map_or("", String::as_str);
        let (seed, took) = match &planted.seed {
            Some(Some((seed, took))) => (format!("seed {seed}"), took.clone()),
            Some(None) => ("NOT caught".to_owned(), String::new()),
            None => (String::new(), String::new()),
        };
        // Writing to a text cannot fail.
        let _ = writeln!(
            table,
            "| {number} | {} | {}: `{test}` | {} | {seed} | {took} |",
            patch.title, planted.test, planted.took
        );
    }
    table
}
