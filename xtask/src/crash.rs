//! The crash test, run for longer than the suite does.

use clap::Args;

use crate::run::{Failure, Run};

#[derive(Args)]
pub(crate) struct Arguments {
    /// How often the process is killed (the suite does it 25 times)
    #[arg(long, default_value_t = 100)]
    rounds: u32,
    /// Repeat the choices of an earlier run, which printed its seed
    #[arg(long)]
    seed: Option<u64>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    // The test starts the program that lies beside it: it must be of the same build.
    Run::cargo(["build", "--release", "--package", "tessera"]).show()?;
    let test = Run::cargo([
        "test",
        "--release",
        "--package",
        "tessera-tests",
        "--test",
        "crash",
        "--",
        "--nocapture",
    ])
    .env("TESSERA_CRASH_ROUNDS", arguments.rounds.to_string());
    match arguments.seed {
        Some(seed) => test.env("TESSERA_CRASH_SEED", seed.to_string()).show(),
        None => test.show(),
    }
}
