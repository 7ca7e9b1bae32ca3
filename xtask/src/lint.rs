//! Formatting and lints: what a program can judge, no person has to.

use clap::Args;

use crate::run::{Failure, Run};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Repair what can be repaired, then check the rest
    #[arg(long)]
    fix: bool,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.fix {
        Run::cargo([
            "clippy",
            "--workspace",
            "--all-targets",
            "--fix",
            "--allow-dirty",
            "--allow-staged",
        ])
        .show()?;
        Run::cargo(["fmt", "--all"]).show()?;
    }
    formatting()?;
    clippy()
}

pub(crate) fn formatting() -> Result<(), Failure> {
    Run::cargo(["fmt", "--all", "--check"]).show()
}

pub(crate) fn clippy() -> Result<(), Failure> {
    Run::cargo([
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ])
    .show()?;
    // As it is shipped: the tests build it with the features that they need themselves.
    Run::cargo(["check", "--package", "tessera"]).show()
}
