//! Tessera, the program.

use std::process::ExitCode;

use clap::Parser;
use mimalloc::MiMalloc;

/// The system's takes a tenth of the time of a reservation, and its threads wait for each other in it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    tessera::run(tessera::cli::Cli::parse())
}
