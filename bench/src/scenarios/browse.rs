//! Listings and searches by the API: against a bare handler that answers as many bytes, round by round in turn, and beside
//! the same questions to a market that is far smaller.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::{LONG_LOCK_SECONDS, SELLERS};
use crate::bare;
use crate::client::Connection;
use crate::drive::{Pace, connect, drive};
use crate::failure::Failure;
use crate::latencies::{Latencies, grouped, millis, per_second};
use crate::market;
use crate::pace;
use crate::report::Report;
use crate::rounds::Rounds;
use crate::server::Program;

/// What is asked, by its name in the report, and how many times its median may grow with the market, in percent.
const QUESTIONS: [(&str, &str, u64); 4] = [
    ("a page of 50", "/api/tickets", 120),
    ("the cheapest", "/api/tickets?sort=price", 120),
    ("a search", "/api/tickets?q=jazz+standards", 200),
    ("a rare word", "/api/tickets?q=part+77", 200),
];

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long each round takes
    #[arg(long, default_value_t = 3)]
    seconds: u64,
    /// Rounds of each
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Connections at once
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Sizes of the market, one after the other: the first is what the others are held against
    #[arg(long, value_delimiter = ',', default_values_t = [1_000, 100_000, 1_000_000])]
    listings: Vec<usize>,
    /// Fail if a page is answered at a lower share of the bare handler's rate, in percent
    #[arg(long, value_name = "PERCENT")]
    require_percent: Option<u64>,
    /// Fail where a median grows with the market by more than it may
    #[arg(long)]
    require_flat: bool,
    #[command(flatten)]
    program: Program,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let home = arguments.program.home()?;
    let server = arguments.program.start(&home, LONG_LOCK_SECONDS).await?;
    let sellers = market::sign_up(server.address, "seller", SELLERS).await?;
    let mut report = Report::new(format!(
        "browse: {} connections, {} rounds of {} s",
        arguments.connections, arguments.rounds, arguments.seconds
    ));
    report.of(arguments.program.path().ok().as_deref(), &home.data_dir());
    let (mut listed, mut smallest) = (0, Vec::new());
    for size in &arguments.listings {
        let more = size.saturating_sub(listed);
        eprintln!("listing {} more tickets", market::number(more));
        market::list(server.address, &sellers, more, market::full).await?;
        listed += more;
        report.row(format!("{} listings", market::number(listed)), "");
        for (index, (name, path, may_grow)) in QUESTIONS.into_iter().enumerate() {
            let bytes = bytes_of(server.address, path).await?;
            let bare = bare::start(bytes, &home).await?;
            let (mut rounds, mut latencies) = (Rounds::beside("bare"), Latencies::new()?);
            for _ in 0..arguments.rounds {
                let (limit, _) = ask(arguments, bare.address, "/page").await?;
                let (ours, took) = ask(arguments, server.address, path).await?;
                rounds.add(limit, ours);
                latencies.add(&took)?;
            }
            report.row(
                format!("  {name}, {} bytes", grouped(bytes as u64)),
                rounds.summary(),
            );
            report.row("", latencies.summary());
            let percent = rounds.median().percent();
            report.at_least(
                &format!("{name}: percent of bare"),
                percent,
                arguments.require_percent,
            );
            let first = smallest.get(index).copied().unwrap_or_else(|| {
                smallest.push(latencies.median());
                latencies.median()
            });
            if arguments.require_flat && latencies.median() * 100 > first * may_grow {
                let [small, large] = [first, latencies.median()].map(millis);
                report.broken(format!("{name}: the median grew from {small} to {large}"));
            }
        }
    }
    server.stop().await?;
    report.finish()
}

async fn bytes_of(address: SocketAddr, path: &str) -> Result<usize, Failure> {
    let mut connection = Connection::open(address).await?;
    let reply = connection.get(path, None).await?;
    Ok(reply.expect(StatusCode::OK, "a list")?.body.len())
}

/// One round; answers how many were answered a second, and how long they took.
async fn ask(
    arguments: &Arguments,
    address: SocketAddr,
    path: &str,
) -> Result<(u64, Latencies), Failure> {
    let connections = connect(address, arguments.connections).await?;
    let until = pace::now() + Duration::from_secs(arguments.seconds);
    let asked = drive(connections, Pace::Closed, until, async |connection, _| {
        Ok(Some(connection.get(path, None).await?.status))
    });
    let (_, tally) = asked.await?;
    tally.all_are(StatusCode::OK)?;
    let answers = tally.in_time(StatusCode::OK);
    Ok((
        per_second(answers, arguments.seconds * 1_000_000),
        tally.latencies,
    ))
}
