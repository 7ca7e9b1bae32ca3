//! The simulation: the whole marketplace in one thread, with all that may go wrong drawn from seeds.

use clap::Args;

use crate::run::{Failure, Run};

/// Seeds of the test command.
const SEEDS: &str = "2000";

#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// What the simulation takes, such as --seeds 10000 --first-seed 2001; --help tells of all of it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// By hand: optimized, since there may be many.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    Run::cargo([
        "run",
        "--quiet",
        "--release",
        "--package",
        "tessera-simulation",
    ])
    .args(["--bin", "simulate", "--"])
    .args(&arguments.rest)
    .show()
}

/// As a part of the tests, which have it built already.
pub(crate) fn tests() -> Result<(), Failure> {
    Run::of_ours("simulate")?.args(["--seeds", SEEDS]).show()
}
