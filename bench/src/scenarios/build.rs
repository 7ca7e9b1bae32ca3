//! The program itself: how large it is, and how long it takes to be built for release from an empty folder.

use std::path::Path;
use std::process::Command;

use clap::Args;

use crate::failure::{Because, Failure};
use crate::latencies::megabytes;
use crate::pace;
use crate::report::{Bound, Report};
use crate::server::Program;

#[derive(Args)]
pub(crate) struct Arguments {
    /// Build it from an empty folder, too, with nothing beside: it takes minutes
    #[arg(long)]
    from_nothing: bool,
    /// Fail if the build takes longer
    #[arg(long, value_name = "SECONDS", requires = "from_nothing")]
    require_seconds: Option<u64>,
    /// Fail if the program is larger (in MB, 1,000,000 bytes)
    #[arg(long, value_name = "MB")]
    require_mb: Option<u64>,
    #[command(flatten)]
    program: Program,
}

pub(crate) fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let program = arguments.program.path()?;
    let bytes = program.metadata().because(program.display())?.len();
    let mut report = Report::new("build: the program, with all services and the web client");
    report.of(Some(&program), program.parent().unwrap_or(Path::new(".")));
    report.row("size", megabytes(bytes));
    if let Some(bound) = arguments.require_mb.map(|bound| bound * 1_000_000) {
        report.bound(Bound {
            label: "size".to_owned(),
            promised: format!("less than {}", megabytes(bound)),
            seen: megabytes(bytes),
            is_kept: bytes < bound,
        });
    }
    if arguments.from_nothing {
        let home = arguments.program.home()?;
        let seconds = build(&home.beside("target"))?;
        report.row("a release build into an empty folder", spelled(seconds));
        if let Some(bound) = arguments.require_seconds {
            report.bound(Bound {
                label: "a release build".to_owned(),
                promised: format!("less than {}", spelled(bound)),
                seen: spelled(seconds),
                is_kept: seconds < bound,
            });
        }
    }
    Ok(report)
}

/// Answers how many seconds it took. What it is built of is on this machine already.
fn build(target: &Path) -> Result<u64, Failure> {
    let mut cargo = Command::new("cargo");
    cargo.args(["build", "--release", "--locked", "--bin", "tessera"]);
    cargo.arg("--target-dir").arg(target);
    let began = pace::now();
    let status = cargo.status().because("cargo")?;
    if !status.success() {
        return Err(Failure::new("the program could not be built"));
    }
    Ok(began.elapsed().as_secs())
}

fn spelled(seconds: u64) -> String {
    format!("{} min {:02} s", seconds / 60, seconds % 60)
}
