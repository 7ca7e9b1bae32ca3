//! `check`: looks through all databases for anything that cannot be, the invariants I1 to I6 first.
//!
//! It reads the files of a stopped server, or those of a running one beside it, or copies the databases of
//! a PostgreSQL server and reads those; it never writes to any of them.
//! Its SQL is its own: a mistake in a service's store must not be repeated by whoever looks for it.
//!
//! What lies in one database is read in one snapshot: what that shows is so. What lies in several
//! is read from snapshots taken within an instant of each other, effects before causes; what does
//! not fit there is a *suspect* and no more, since an event may be on its way between the two. It
//! counts as broken when two readings in a row show it unchanged, and in neither of them an event
//! that names one of its ids is still to be handled: then nothing that is under way can mend it. What a stream
//! still has for a follower is to be handled, too, for however long the follower is away.
//! Beside a running server it must also stay so for as long as the caller has patience.

mod attached;
mod bus;
mod copies;
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

use std::time::Duration;

use tessera_platform::clock::Clock;
use tessera_platform::config::Settings;
use tessera_platform::db::Place;

use bus::Bus;
use copies::Copies;
use fault::Fault;
pub use fault::Unreadable;
use files::Files;
use market::Market;
pub use report::{Invariant, Report};

/// Checks the databases that the `settings` name, as of `clock`. With a server running on them, suspects
/// are watched for `patience` before they count. Nobody can tell who runs on a PostgreSQL server: somebody
/// may at any time.
///
/// # Errors
/// When the databases cannot be read; damaged ones can, and are reported.
pub async fn run(
    settings: &Settings,
    clock: &Clock,
    patience: Duration,
) -> Result<Report, Unreadable> {
    let (settings, clock) = (settings.clone(), clock.clone());
    let look = move || look(&settings, &clock, patience);
    let looked = tokio::task::spawn_blocking(look).await;
    looked.map_err(|error| Unreadable(format!("the check did not end: {error}")))?
}

fn look(settings: &Settings, clock: &Clock, patience: Duration) -> Result<Report, Unreadable> {
    let mut report;
    let (bus, unreachable) = Bus::of(settings);
    let opened = match &settings.place() {
        Place::Folder(folder, _) => {
            let files = Files::find(folder)?;
            report = Report::new(files.is_served());
            open_files(&files, clock, bus, &mut report)
        }
        Place::Server(server) => {
            let copies = Copies::connect(server, clock)?;
            report = Report::new(true);
            open_copies(copies, bus, &mut report)
        }
    };
    if let Some(reason) = unreachable {
        report.note(format!(
            "The bus cannot be asked ({reason}): what was published more than a minute ago is taken to have arrived."
        ));
    }
    let examined = opened.and_then(|market| examine(market, patience, &mut report));
    match examined {
        Ok(()) => Ok(report),
        Err(Fault::Unreadable(reason)) => Err(reason),
        Err(Fault::Damaged(what)) => {
            report.broken(Invariant::Files, what);
            Ok(report)
        }
    }
}

fn open_files(
    files: &Files,
    clock: &Clock,
    bus: Bus,
    report: &mut Report,
) -> Result<Option<Market>, Fault> {
    for file in files.all() {
        file.examine(report)?;
    }
    report.looked_at(Invariant::Files, files.all().len());
    if report.is_broken(Invariant::Files) {
        return Ok(None);
    }
    Market::of_files(files, clock, bus).map(Some)
}

fn open_copies(copies: Copies, bus: Bus, report: &mut Report) -> Result<Option<Market>, Fault> {
    copies.examine(report)?;
    report.looked_at(Invariant::Files, copies.count());
    let is_broken = report.is_broken(Invariant::Files);
    Ok((!is_broken).then(|| Market::of_copies(copies, bus)))
}

/// There is no market to look at when the databases are damaged: what stands in them means nothing then.
fn examine(market: Option<Market>, patience: Duration, report: &mut Report) -> Result<(), Fault> {
    let Some(mut market) = market else {
        return Ok(());
    };
    let corrupt = market.read(|reading| local::examine(reading, report))?;
    suspects::examine(&mut market, &corrupt, patience, report)
}
