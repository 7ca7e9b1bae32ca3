//! `check`: looks through all databases for anything that cannot be, the invariants I1 to I6 first.
//!
//! It reads the files of a stopped server, or those of a running one beside it, and never writes.
//! Its SQL is its own: a mistake in a service's store must not be repeated by whoever looks for it.
//!
//! What lies in one database is read in one snapshot: what that shows is so. What lies in several
//! is read from snapshots taken within an instant of each other, effects before causes; what does
//! not fit there is a *suspect* and no more, since an event may be on its way between the two. It
//! counts as broken when two readings in a row show it unchanged, and in neither of them an event
//! that names one of its ids is still to be handled: then nothing that is under way can mend it.
//! Beside a running server it must also stay so for as long as the caller has patience.

mod events;
mod fact;
mod fault;
mod files;
mod follows;
mod local;
mod market;
mod report;
mod rule;
mod rules;
mod shape;
mod suspects;
mod under_way;

use std::path::Path;
use std::time::Duration;

use tessera_platform::clock::Clock;

use fault::Fault;
pub use fault::Unreadable;
use files::Files;
use market::Market;
pub use report::{Invariant, Report};

/// Checks the databases in `data_dir`, as of `clock`. With a server running on them, suspects are
/// watched for `patience` before they count.
///
/// # Errors
/// When the databases cannot be read; damaged ones can, and are reported.
pub fn run(data_dir: &Path, clock: &Clock, patience: Duration) -> Result<Report, Unreadable> {
    let files = Files::find(data_dir)?;
    let mut report = Report::new(files.is_served());
    match examine(&files, clock, patience, &mut report) {
        Ok(()) => Ok(report),
        Err(Fault::Unreadable(reason)) => Err(reason),
        Err(Fault::Damaged(what)) => {
            report.broken(Invariant::Files, what);
            Ok(report)
        }
    }
}

/// Stops after the files when these are damaged: what stands in them means nothing then.
fn examine(
    files: &Files,
    clock: &Clock,
    patience: Duration,
    report: &mut Report,
) -> Result<(), Fault> {
    for file in files.all() {
        file.examine(report)?;
    }
    report.looked_at(Invariant::Files, files.all().len());
    if report.is_broken(Invariant::Files) {
        return Ok(());
    }
    let mut market = Market::open(files, clock)?;
    let corrupt = market.read(|reading| local::examine(reading, report))?;
    suspects::examine(&mut market, &corrupt, patience, report)
}
