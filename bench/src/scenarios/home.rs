//! The home page, rendered from many listings, against a bare handler that answers as many bytes, round by round in turn.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use http::{HeaderValue, StatusCode};

use super::{LONG_LOCK_SECONDS, SELLERS};
use crate::bare;
use crate::client::Connection;
use crate::drive::{Pace, connect, drive};
use crate::failure::Failure;
use crate::latencies::{Latencies, grouped, per_second};
use crate::market;
use crate::pace;
use crate::process::Process;
use crate::report::Report;
use crate::rounds::Rounds;
use crate::server::Program;

/// What is looked at, by its name in the report.
const PAGES: [(&str, &str); 5] = [
    ("home", "/"),
    ("cheapest first", "/?sort=price"),
    ("search", "/?q=jazz+stand"),
    ("filter", "/?city=toronto&minPrice=50"),
    // Written anew each time: what is somebody's own is never kept.
    (SIGNED_IN, "/"),
];
const SIGNED_IN: &str = "home, signed in";

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
    /// Tickets listed beforehand
    #[arg(long, default_value_t = 100_000)]
    listings: usize,
    /// Fail if home is rendered at a lower share of the bare handler's rate, in percent
    #[arg(long, value_name = "PERCENT")]
    require_percent: Option<u64>,
    #[command(flatten)]
    program: Program,
}

/// A page, as it is asked for.
struct Page {
    name: &'static str,
    path: &'static str,
    cookie: Option<HeaderValue>,
}

const BARE: Page = Page {
    name: "bare",
    path: "/page",
    cookie: None,
};

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let home = arguments.program.home()?;
    let server = arguments.program.start(&home, LONG_LOCK_SECONDS).await?;
    let sellers = market::sign_up(server.address, "seller", SELLERS).await?;
    market::list(server.address, &sellers, arguments.listings, market::full).await?;
    let title = format!(
        "home: {} listings, {} connections, {} rounds",
        grouped(arguments.listings as u64),
        arguments.connections,
        arguments.rounds
    );
    let mut report = Report::new(title);
    report.of(arguments.program.path().ok().as_deref(), &home.data_dir());
    for (name, path) in PAGES {
        let person = sellers.first().filter(|_| name == SIGNED_IN);
        let cookie = person.map(|person| person.cookie.clone());
        let bytes = size(server.address, path).await?;
        let bare = bare::start(bytes, &home).await?;
        let page = Page { name, path, cookie };
        let share = compare(arguments, &page, (&bare, &server), &mut report).await?;
        report.row(
            format!("{name}, size"),
            format!("{path}: {} bytes", grouped(bytes as u64)),
        );
        if name == "home" {
            report.at_least(
                "percent of the bare handler",
                share,
                arguments.require_percent,
            );
        }
    }
    server.stop().await?;
    Ok(report)
}

/// Rounds in turn; answers the median share, in percent.
async fn compare(
    arguments: &Arguments,
    page: &Page,
    (bare, server): (&Process, &Process),
    report: &mut Report,
) -> Result<u64, Failure> {
    let (mut rounds, mut latencies) = (Rounds::beside("bare"), Latencies::new()?);
    for _ in 0..arguments.rounds {
        let (bare, _) = look(arguments, bare.address, &BARE).await?;
        let (ours, took) = look(arguments, server.address, page).await?;
        rounds.add(bare, ours);
        latencies.add(&took)?;
    }
    report.row(page.name, rounds.summary());
    report.row(format!("{}, latency", page.name), latencies.summary());
    Ok(rounds.median().percent())
}

/// How many bytes a page has.
async fn size(address: SocketAddr, path: &str) -> Result<usize, Failure> {
    let mut connection = Connection::open(address).await?;
    let reply = connection.get(path, None).await?;
    Ok(reply.expect(StatusCode::OK, "a page")?.body.len())
}

/// One round: every connection looks at the page until the time is up. Answers how many a second, and how long they took.
async fn look(
    arguments: &Arguments,
    address: SocketAddr,
    page: &Page,
) -> Result<(u64, Latencies), Failure> {
    let connections = connect(address, arguments.connections).await?;
    let until = pace::now() + Duration::from_secs(arguments.seconds);
    let looked = drive(connections, Pace::Closed, until, async |connection, _| {
        let reply = connection.get(page.path, page.cookie.as_ref()).await?;
        Ok(Some(reply.status))
    });
    let (_, tally) = looked.await?;
    tally.all_are(StatusCode::OK)?;
    let looks = tally.in_time(StatusCode::OK);
    Ok((
        per_second(looks, arguments.seconds * 1_000_000),
        tally.latencies,
    ))
}
