//! The home page, rendered from many listings, against a bare handler that answers as many bytes, round by round in turn.

use std::net::SocketAddr;
use std::process::Command;
use std::time::{Duration, Instant};

use clap::Args;
use http::{HeaderValue, StatusCode};
use tokio::task::JoinSet;

use super::{LONG_LOCK_SECONDS, SELLERS};
use crate::client::Connection;
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped, per_second};
use crate::market;
use crate::pace;
use crate::process::{self, Process};
use crate::report::Report;
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

/// What came of one round.
struct Round {
    per_second: u64,
    latencies: Latencies,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
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
        let log = home.data_dir().with_file_name("bare.log");
        let bare = start_bare(bytes, log).await?;
        let page = Page { name, path, cookie };
        let share = compare(arguments, &page, (&bare, &server), &mut report).await?;
        report.row(
            name,
            format!("{path}: {} bytes, {share} % of bare", grouped(bytes as u64)),
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
    report.finish()
}

/// Rounds in turn; answers the median share, in percent.
async fn compare(
    arguments: &Arguments,
    page: &Page,
    (bare, server): (&Process, &Process),
    report: &mut Report,
) -> Result<u64, Failure> {
    let mut shares = Vec::new();
    for round in 1..=arguments.rounds {
        let bare = look(arguments, bare.address, &BARE).await?;
        let ours = look(arguments, server.address, page).await?;
        let share = ours.per_second * 100 / bare.per_second.max(1);
        report.row(
            format!("{}, round {round}", page.name),
            format!(
                "bare {}/s, page {}/s: {share} %; page {}",
                grouped(bare.per_second),
                grouped(ours.per_second),
                ours.latencies.summary()
            ),
        );
        shares.push(share);
    }
    shares.sort_unstable();
    Ok(shares.get(shares.len() / 2).copied().unwrap_or(0))
}

/// How many bytes a page has.
async fn size(address: SocketAddr, path: &str) -> Result<usize, Failure> {
    let mut connection = Connection::open(address).await?;
    let reply = connection.get(path, None).await?;
    Ok(reply.expect(StatusCode::OK, "a page")?.body.len())
}

/// One round: every connection looks at the page until the time is up.
async fn look(arguments: &Arguments, address: SocketAddr, page: &Page) -> Result<Round, Failure> {
    let mut connections = Vec::new();
    for _ in 0..arguments.connections {
        connections.push(Connection::open(address).await?);
    }
    let until = pace::now() + Duration::from_secs(arguments.seconds);
    let mut tasks = JoinSet::new();
    for connection in connections {
        tasks.spawn(look_on(connection, page.path, page.cookie.clone(), until));
    }
    let (mut pages, mut latencies) = (0, Latencies::new()?);
    while let Some(joined) = tasks.join_next().await {
        let some = joined.because("a connection's task was lost")??;
        pages += some.0;
        latencies.add(&some.1)?;
    }
    Ok(Round {
        per_second: per_second(pages, arguments.seconds * 1_000_000),
        latencies,
    })
}

async fn look_on(
    mut connection: Connection,
    path: &'static str,
    cookie: Option<HeaderValue>,
    until: Instant,
) -> Result<(u64, Latencies), Failure> {
    let (mut pages, mut latencies) = (0, Latencies::new()?);
    while pace::now() < until {
        let sent = pace::now();
        let reply = connection.get(path, cookie.as_ref()).await?;
        reply.expect(StatusCode::OK, "a page")?;
        latencies.record(pace::micros_since(sent));
        pages += 1;
    }
    Ok((pages, latencies))
}

async fn start_bare(bytes: usize, log: std::path::PathBuf) -> Result<Process, Failure> {
    let address = process::free_address()?;
    let mut command = Command::new(std::env::current_exe().because("where am I?")?);
    command.args(["bare", "--listen", &address.to_string()]);
    command.args(["--body-bytes", &bytes.to_string()]);
    Process::start(command, address, log).await
}
