//! The HTTP interface against its own document: whatever docs/openapi.json allows or forbids is sent to the real program, and
//! every answer is held against it.
//!
//! What is sent, and what an answer must be like, is told by `tests/api`. This knows where things are, and tells it.

use std::path::PathBuf;

use clap::Args;

use crate::places;
use crate::python::Environment;
use crate::run::{Failure, build};

const TESTS: &str = "tests/api";

/// Cases of an operation and phase in the test command: about half a minute.
const EXAMPLES: u32 = 60;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Rounds are run until so many requests were answered
    #[arg(long, default_value_t = 50_000)]
    requests: u64,
    /// The most cases of an operation in each phase of a round
    #[arg(long, default_value_t = 200)]
    examples: u32,
    /// The first round's seed: the others count on from it
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Hold the answers against another document than docs/openapi.json
    #[arg(long, value_name = "FILE")]
    document: Option<PathBuf>,
}

/// Installs what is missing, and says so.
pub(crate) fn bring() -> Result<(), Failure> {
    environment().map(drop)
}

/// One short round.
pub(crate) fn tests() -> Result<(), Failure> {
    run(&Arguments {
        requests: 1,
        examples: EXAMPLES,
        seed: 1,
        document: None,
    })
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let environment = environment()?;
    build(&["tessera"])?;
    let target = places::target()?;
    let main = environment
        .python()
        .arg(format!("{TESTS}/main.py"))
        .arg("--program")
        .arg(target.join("debug/tessera"))
        .arg("--output")
        .arg(target.join("api/results"))
        .args(["--requests", &arguments.requests.to_string()])
        .args(["--examples", &arguments.examples.to_string()])
        .args(["--seed", &arguments.seed.to_string()]);
    match &arguments.document {
        Some(document) => main.arg("--document").arg(document).show(),
        None => main.show(),
    }
}

fn environment() -> Result<Environment, Failure> {
    Environment::bring("api", &[format!("{TESTS}/requirements.txt")])
}
