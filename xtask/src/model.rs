//! The model of the protocol: every state that it can come to is visited.

use clap::Args;

use crate::run::{Failure, Run};

#[derive(Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Arguments {
    /// What the model takes, such as --bounds small; --help tells of all of it
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// By hand: optimized, and with the full bounds. The tests of the model's crate do it with the small ones.
pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    Run::cargo(["run", "--quiet", "--release", "--package", "tessera-model"])
        .args(["--bin", "model", "--"])
        .args(&arguments.rest)
        .show()
}
