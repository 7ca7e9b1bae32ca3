//! The pages, in a real browser: brings what that needs, and runs the tests in `tests/browser`.
//!
//! The tests are JavaScript, for they are about what JavaScript and pages do. This knows where things are, and tells
//! them; what a page must be like is theirs to say.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;

use crate::node::{self, Node};
use crate::run::{Failure, Run, build};
use crate::{places, steps};

const TESTS: &str = "tests/browser";

/// As `tests/browser/lib/places.mjs` knows them.
const BROWSERS: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// Without one, a page's picture has boxes for letters.
const FONTS: &str = "/usr/share/fonts";

/// A page that is measured has the machine to itself.
const MEASURED: &str = "figures.test.mjs";
/// How many of the other files run at once.
const AT_ONCE: u32 = 2;

/// How many milliseconds a file of tests may take: a page that hangs must not hold up all.
const PATIENCE: u32 = 300_000;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Run only the files in whose name one of these is found, as `smoke` in smoke.test.mjs; all if there is none
    #[arg(value_name = "FILTER")]
    filters: Vec<String>,
}

/// Installs what is missing, and says so.
pub(crate) fn bring() -> Result<(), Failure> {
    ready().map(|_| ())
}

/// Runs all tests.
pub(crate) fn tests() -> Result<(), Failure> {
    run(&Arguments {
        filters: Vec::new(),
    })
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let files = chosen(&arguments.filters)?;
    let node = ready()?;
    build(&PROGRAMS)?;
    let results = places::target()?.join("browser");
    // Pictures of failures that are repaired would mislead.
    let _absent = fs::remove_dir_all(&results);
    let (measured, others): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| file == MEASURED);
    let mut passed = Ok(());
    for (files, at_once) in [(others, AT_ONCE), (measured, 1)] {
        if passed.is_ok() && !files.is_empty() {
            passed = told(node.run(), &results)?
                .args(["--test", "--test-reporter=spec"])
                .arg(format!("--test-concurrency={at_once}"))
                .arg(format!("--test-timeout={PATIENCE}"))
                .args(files)
                .show();
        }
    }
    println!(
        "pictures, Lighthouse's reports and logs: {}",
        results.display()
    );
    passed
}

/// Takes the pictures of the tour.
pub(crate) fn tour() -> Result<(), Failure> {
    let node = ready()?;
    build(&PROGRAMS)?;
    let results = places::target()?.join("browser");
    told(node.run(), &results)?.arg("tour.mjs").show()
}

/// Cards are paid at a double of Stripe, which the tests find beside the program.
const PROGRAMS: [&str; 2] = ["tessera", "stripe-double"];

/// Tells the tests where the program is, and where results go.
fn told(run: Run, results: &Path) -> Result<Run, Failure> {
    let program = places::target()?.join("debug/tessera");
    Ok(run
        .current_dir(&folder())
        .env("TESSERA_PROGRAM", program)
        .env("TESSERA_BROWSER_OUTPUT", results))
}

fn ready() -> Result<Node, Failure> {
    let browser = BROWSERS.into_iter().find(|name| places::on_path(name));
    steps::install("chromium", browser.is_some())?;
    let fonts = fs::read_dir(FONTS).is_ok_and(|mut kinds| kinds.next().is_some());
    steps::install("fonts-dejavu", fonts || !places::on_path("apt-get"))?;
    let node = node::bring()?;
    node.fill(&folder())?;
    Ok(node)
}

fn folder() -> PathBuf {
    places::root().join(TESTS)
}

/// The files of tests whose name one of the filters is in.
fn chosen(filters: &[String]) -> Result<Vec<String>, Failure> {
    let entries = fs::read_dir(folder()).into_iter().flatten().flatten();
    let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let mut files: Vec<String> = names.filter(|name| name.ends_with(".test.mjs")).collect();
    files.sort();
    let wanted = |name: &String| {
        filters.is_empty() || filters.iter().any(|filter| name.contains(filter.as_str()))
    };
    let (chosen, others): (Vec<_>, Vec<_>) = files.into_iter().partition(wanted);
    if chosen.is_empty() {
        let hint = format!("no file of {TESTS} has that in its name; there are {others:?}");
        return Err(Failure::new(hint));
    }
    Ok(chosen)
}
