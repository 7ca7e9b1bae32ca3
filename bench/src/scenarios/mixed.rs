//! An on-sale: most people look around, and in the middle of it a crowd comes for a few tickets, and pays.

use std::cell::Cell;
use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::Stage;
use super::purchase::{all_captured, purchase};
use crate::drive::{Pace, Tally, Window, connect, drive};
use crate::failure::Failure;
use crate::latencies::{grouped, millis, per_second};
use crate::ledger::Ledger;
use crate::market::{self, Person};
use crate::pace;
use crate::process::Process;
use crate::report::Report;
use crate::server::Program;

/// What those look at who look around.
const LOOKS: [&str; 4] = [
    "/api/tickets",
    "/api/tickets?sort=price",
    "/api/tickets?q=jazz+standards",
    "/",
];

const THIRDS: [&str; 3] = ["before the sale", "with the sale", "after it"];

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long people look around; the sale begins in the second third of it
    #[arg(long, default_value_t = 15)]
    seconds: u64,
    /// Looks a second
    #[arg(long, default_value_t = 2_000)]
    looks: u64,
    /// Connections at once, of each kind
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Tickets that are there to be looked at
    #[arg(long, default_value_t = 20_000)]
    listings: usize,
    /// Tickets that are wanted
    #[arg(long, default_value_t = 200)]
    tickets: usize,
    /// People who want one of them, each once
    #[arg(long, default_value_t = 2_000)]
    buyers: usize,
    /// Fail if one look in a hundred takes longer
    #[arg(long, value_name = "MS")]
    require_p99_ms: Option<u64>,
    #[command(flatten)]
    program: Program,
}

/// What came of the sale.
struct Sale {
    micros: u64,
    tally: Tally,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let stage = Stage::set(&arguments.program, arguments.buyers).await?;
    let (server, sellers) = (&stage.server, &stage.sellers);
    let there = 0..arguments.listings;
    market::list(server.address, sellers, there, market::full).await?;
    let wanted = market::list_tickets(server.address, sellers, arguments.tickets).await?;
    let (looked, sale) = tokio::join!(
        look_around(arguments, server),
        sell(arguments, server, &stage.buyers, &wanted)
    );
    let (looked, sale) = (looked?, sale?);
    let sold = sale.tally.count(StatusCode::CREATED);
    all_captured(&Ledger::open(&stage.home.data_dir())?, sold).await?;

    let mut report = Report::new(format!(
        "mixed: {} looks a second for {} s, and {} buyers of {} tickets",
        grouped(arguments.looks),
        arguments.seconds,
        market::number(arguments.buyers),
        market::number(arguments.tickets)
    ));
    let (program, address) = (&arguments.program, server.address);
    program
        .describe(&mut report, address, &stage.home.data_dir())
        .await?;
    for (third, tally) in THIRDS.iter().zip(&looked) {
        let rate = per_second(
            tally.in_time(StatusCode::OK),
            arguments.seconds * 1_000_000 / 3,
        );
        let latencies = &tally.latencies;
        report.row(
            format!("looks {third}"),
            format!("{}/s, {}", grouped(rate), latencies.summary()),
        );
        report.at_most(
            &format!("p99 of looks {third}"),
            latencies.p99(),
            arguments.require_p99_ms,
        );
    }
    sale.tell(arguments, &mut report);
    stage.clear(&arguments.program).await?;
    Ok(report)
}

impl Sale {
    fn tell(&self, arguments: &Arguments, report: &mut Report) {
        let [sold, too_late] =
            [StatusCode::CREATED, StatusCode::CONFLICT].map(|status| self.tally.count(status));
        let others = [StatusCode::CREATED, StatusCode::CONFLICT];
        report.row("all buyers were told after", millis(self.micros));
        report.row("of them sold, and captured", grouped(sold));
        report.row("too late", grouped(too_late));
        report.row("other answers", self.tally.others_than(&others));
        report.row(
            "from asking to having paid, or the refusal",
            self.tally.latencies.summary(),
        );
        let [buyers, expected] = [arguments.buyers, arguments.tickets.min(arguments.buyers)]
            .map(|count| u64::try_from(count).unwrap_or(u64::MAX));
        if sold != expected || sold + too_late != buyers {
            report.broken(format!(
                "of {} buyers {} bought one of {} tickets, and {} were too late",
                grouped(buyers),
                grouped(sold),
                grouped(expected),
                grouped(too_late)
            ));
        }
    }
}

/// What was seen in each third.
async fn look_around(arguments: &Arguments, server: &Process) -> Result<Vec<Tally>, Failure> {
    let mut connections = connect(server.address, arguments.connections).await?;
    let mut from = pace::now();
    let next = Cell::new(0);
    let mut thirds = Vec::new();
    for _ in THIRDS {
        let window = Window::from(from, Duration::from_secs(arguments.seconds) / 3);
        from = window.until;
        let rate = Pace::Open(arguments.looks);
        let looked = drive(connections, rate, window, async |connection, _| {
            let turn = next.replace(next.get() + 1);
            let path = LOOKS.get(turn % LOOKS.len()).copied().unwrap_or("/");
            Ok(Some(connection.get(path, None).await?.status))
        });
        let (back, tally) = looked.await?;
        tally.all_are(StatusCode::OK)?;
        connections = back;
        thirds.push(tally);
    }
    Ok(thirds)
}

/// Everybody asks once for one of the tickets, and pays for it.
async fn sell(
    arguments: &Arguments,
    server: &Process,
    buyers: &[Person],
    wanted: &[String],
) -> Result<Sale, Failure> {
    let connections = connect(server.address, arguments.connections).await?;
    let whole = Duration::from_secs(arguments.seconds);
    pace::pause(whole / 3).await;
    let next = Cell::new(0);
    let window = Window::of(whole);
    let asked = drive(connections, Pace::Closed, window, async |connection, _| {
        let turn = next.replace(next.get() + 1);
        let ticket = wanted.get(turn % wanted.len().max(1));
        let (Some(buyer), Some(ticket)) = (buyers.get(turn), ticket) else {
            return Ok(None);
        };
        purchase(connection, buyer, ticket).await.map(Some)
    });
    let (_, tally) = asked.await?;
    Ok(Sale {
        micros: pace::micros_since(window.from),
        tally,
    })
}
