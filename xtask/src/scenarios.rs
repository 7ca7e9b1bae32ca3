//! `docs/card-payments.md`: every scenario of card payments, and how often the books were seen to be right after it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::places;
use crate::run::{Failure, Run};

const PAGE: &str = "docs/card-payments.md";
const TESTS: &str = "tests/tests/stripe";

/// What cargo is told to run them, before what the runner of tests is told.
pub(crate) const SUITE: [&str; 5] = ["test", "--workspace", "--test", "stripe", "--"];

const INTRODUCTION: &str = "# Card payments: every scenario

Written by `cargo xtask scenarios`, which runs them. Each is a test in `tests/tests/stripe`: all services, over real HTTP, beside
a double of Stripe (`stripe-double/`) which fails, repeats itself and keeps silent as it is told. What each sees of its own
subject is in its code. The count says how often, at the end of it and in between, everything was compared with everything: what
Stripe's double moved with payments, orders and the ledger, whose sums must be zero in each currency (`till/sound.rs`).
It is none where data are damaged by hand to see that it is told, and where files and logs are searched.

The same purchases in a real browser are in `tests/browser/stripe.test.mjs` and `stripe_expiry.test.mjs`; Stripe's own library
and another double are held against ours by `cargo xtask test --only stripe`.
";

/// The scenarios of one file, and what it says it is about.
struct Part {
    title: String,
    about: String,
    scenarios: Vec<String>,
}

/// Runs them all, and writes the page.
pub(crate) fn run() -> Result<(), Failure> {
    let parts = parts()?;
    let counts = places::target()?.join("scenarios");
    if counts.exists() {
        fs::remove_file(&counts).map_err(|error| cannot("remove", &counts, &error))?;
    }
    let said = suite(&["--nocapture", "--test-threads=1"])
        .env("STRIPE_SCENARIOS", &counts)
        .output()?;
    let said = String::from_utf8_lossy(&said);
    let drawn = said.lines().find(|line| line.contains("all sound"));
    // The runner's own words stand before those of the test.
    let drawn = drawn.map(|line| line.rsplit(" ... ").next().unwrap_or(line));
    let counted = fs::read_to_string(&counts).map_err(|error| cannot("read", &counts, &error))?;
    let page = page(&parts, &counted, drawn.unwrap_or_default());
    let path = places::root().join(PAGE);
    fs::write(&path, page).map_err(|error| cannot("write", &path, &error))?;
    println!("wrote {PAGE}");
    Ok(())
}

/// Whether the page names exactly the scenarios that there are.
pub(crate) fn check() -> Result<(), Failure> {
    let path = places::root().join(PAGE);
    let page = fs::read_to_string(&path).map_err(|error| cannot("read", &path, &error))?;
    let is_named = |scenario: &String| page.contains(&format!("| {} |", words(scenario)));
    let parts = parts()?;
    let all = parts.iter().flat_map(|part| &part.scenarios);
    let is_current = all.clone().all(is_named) && rows(&page) == all.count();
    if is_current {
        return Ok(());
    }
    let why = format!("{PAGE} does not name the scenarios as they are: `cargo xtask scenarios`");
    Err(Failure::new(why))
}

fn rows(page: &str) -> usize {
    let is_row = |line: &&str| line.starts_with("| ") && !line.starts_with("| Scenario");
    page.lines().filter(is_row).count()
}

fn suite(arguments: &[&str]) -> Run {
    Run::cargo(SUITE).args(arguments)
}

/// In the order in which the runner lists them.
fn parts() -> Result<Vec<Part>, Failure> {
    let listed = suite(&["--list"]).output()?;
    let listed = String::from_utf8_lossy(&listed);
    let mut parts: Vec<(&str, Vec<String>)> = Vec::new();
    for test in listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
    {
        let (module, name) = test.rsplit_once("::").unwrap_or(("main", test));
        match parts.iter_mut().find(|(known, _)| *known == module) {
            Some((_, names)) => names.push(name.to_owned()),
            None => parts.push((module, vec![name.to_owned()])),
        }
    }
    let part = |(module, scenarios): (&str, Vec<String>)| {
        Ok(Part {
            title: words(&module.replace("::", ", ")),
            about: about(module)?,
            scenarios,
        })
    };
    parts.into_iter().map(part).collect()
}

/// What a module says it is about, in its first paragraph.
fn about(module: &str) -> Result<String, Failure> {
    let base = places::root().join(TESTS).join(module.replace("::", "/"));
    let file = Some(base.with_extension("rs")).filter(|file| file.exists());
    let file = file.unwrap_or_else(|| base.join("mod.rs"));
    let code = fs::read_to_string(&file).map_err(|error| cannot("read", &file, &error))?;
    let lines = code.lines().map_while(|line| line.strip_prefix("//! "));
    Ok(lines.collect::<Vec<_>>().join("\n"))
}

/// A name as a sentence.
fn words(name: &str) -> String {
    let spaced = format!("{name}_").replace("_s_", "'s_");
    let spaced = spaced.trim_end_matches('_').replace('_', " ");
    let spaced = spaced.replace("stripe", "Stripe");
    let mut letters = spaced.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// `counted` has a line for each time, with the name of the scenario.
fn page(parts: &[Part], counted: &str, drawn: &str) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for test in counted.lines() {
        let name = test.rsplit("::").next().unwrap_or(test);
        *counts.entry(name).or_default() += 1;
    }
    let scenarios: usize = parts.iter().map(|part| part.scenarios.len()).sum();
    let mut page = INTRODUCTION.to_owned();
    // Writing to a text cannot fail.
    let _ = writeln!(
        page,
        "\n{scenarios} scenarios, {} comparisons.",
        counted.lines().count()
    );
    for part in parts {
        let _ = write!(
            page,
            "\n## {}\n\n{}\n\n| Scenario | Compared |\n|---|--:|\n",
            part.title, part.about
        );
        for scenario in &part.scenarios {
            let times = counts.get(scenario.as_str()).copied().unwrap_or_default();
            let _ = writeln!(page, "| {} | {times} |", words(scenario));
        }
    }
    let _ = writeln!(page, "\nThe schedules, in words of the run: {drawn}");
    page
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {what} {}: {error}", path.display()))
}
