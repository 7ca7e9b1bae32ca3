//! The table of the planted faults in `docs/proof.md`: which are caught by what, and how fast.

use std::collections::BTreeMap;
use std::fs;

use super::patch::Patch;
use super::scratch::Planted;
use crate::places;
use crate::run::Failure;

const PAGE: &str = "docs/proof.md";
const BEGIN: &str = "<!-- planted faults: written by `cargo xtask bugs --write` -->";
const END: &str = "<!-- end of the planted faults -->";
const HEAD: &str = "| | planted fault | its test | | simulation | |\n|---|---|---|--:|--:|--:|";

/// The page, taken apart.
struct Page {
    before: String,
    /// The rows, by the numbers of their patches.
    rows: BTreeMap<String, String>,
    after: String,
}

/// Writes the row of one fault in the place of the one that is there: a run that is ended keeps what it saw.
pub(super) fn write(patch: &Patch, planted: &Planted) -> Result<(), Failure> {
    let mut page = Page::read()?;
    page.rows
        .insert(number(patch).to_owned(), row(patch, planted));
    page.write()
}

/// Takes out the rows of faults that are not planted any more.
pub(super) fn forget_all_but(patches: &[Patch]) -> Result<(), Failure> {
    let mut page = Page::read()?;
    page.rows
        .retain(|row, _| patches.iter().any(|patch| number(patch) == row));
    page.write()
}

/// The faults that the page does not show to be caught as their patches say: by the test, and by a seed if it says so.
pub(super) fn not_shown(patches: &[Patch]) -> Result<Vec<&str>, Failure> {
    let page = Page::read()?;
    let is_shown = |patch: &&Patch| {
        let row = page.rows.get(number(patch));
        let caught = format!("| {} | caught: `{}` |", patch.title, test(patch));
        row.is_some_and(|row| {
            row.contains(&caught) && (patch.seeds.is_none() || row.contains("| seed "))
        })
    };
    let others = patches.iter().filter(|patch| !is_shown(patch));
    Ok(others.map(|patch| patch.name.as_str()).collect())
}

impl Page {
    fn read() -> Result<Page, Failure> {
        let page = fs::read_to_string(places::root().join(PAGE)).map_err(cannot)?;
        let parts = page.split_once(BEGIN).and_then(|(before, rest)| {
            let (table, after) = rest.split_once(END)?;
            Some((before, table, after))
        });
        let (before, table, after) =
            parts.ok_or_else(|| Failure::new(format!("{PAGE} has no place for the table")))?;
        let numbered = |row: &str| {
            let number = row.split('|').nth(1)?.trim();
            let is_number = number.parse::<u32>().is_ok();
            is_number.then(|| (number.to_owned(), row.to_owned()))
        };
        Ok(Page {
            before: before.to_owned(),
            rows: table.lines().filter_map(numbered).collect(),
            after: after.to_owned(),
        })
    }

    fn write(&self) -> Result<(), Failure> {
        let Page {
            before,
            rows,
            after,
        } = self;
        let rows: Vec<&str> = rows.values().map(String::as_str).collect();
        let table = format!("{HEAD}\n{}", rows.join("\n"));
        let page = format!("{before}{BEGIN}\n\n{table}\n\n{END}{after}");
        fs::write(places::root().join(PAGE), page).map_err(cannot)
    }
}

fn number(patch: &Patch) -> &str {
    patch.name.split('-').next().unwrap_or_default()
}

/// The name of the test.
fn test(patch: &Patch) -> &str {
    patch.caught_by.last().map_or("", String::as_str)
}

fn row(patch: &Patch, planted: &Planted) -> String {
    let test = test(patch);
    let (seed, took) = match &planted.seed {
        Some(Some((seed, took))) => (format!("seed {seed}"), took.as_str()),
        Some(None) => ("NOT caught".to_owned(), ""),
        None => (String::new(), ""),
    };
    format!(
        "| {} | {} | {}: `{test}` | {} | {seed} | {took} |",
        number(patch),
        patch.title,
        planted.test,
        planted.took
    )
}

fn cannot(error: std::io::Error) -> Failure {
    Failure::new(format!("{PAGE}: {error}"))
}
