//! Tessera, the program.

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    tessera::run(tessera::cli::Cli::parse())
}
