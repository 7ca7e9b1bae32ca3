//! The home page, rendered from many listings, against a bare handler that answers as many bytes, round by round in turn.

use clap::Args;

use super::{LONG_LOCK_SECONDS, SELLERS};
use crate::failure::Failure;
use crate::market;
use crate::reading::{Effort, in_turn};
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
    #[command(flatten)]
    effort: Effort,
    /// Tickets listed beforehand
    #[arg(long, default_value_t = 100_000)]
    listings: usize,
    /// Fail if home is rendered at a lower share of the bare handler's rate, in percent
    #[arg(long, value_name = "PERCENT")]
    require_percent: Option<u64>,
    #[command(flatten)]
    program: Program,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let home = arguments.program.home()?;
    let server = arguments.program.start(&home, LONG_LOCK_SECONDS).await?;
    let sellers = market::sign_up(server.address, "seller", SELLERS).await?;
    market::list(
        server.address,
        &sellers,
        0..arguments.listings,
        market::full,
    )
    .await?;
    let title = format!(
        "home: {} listings, {} connections, {} rounds",
        market::number(arguments.listings),
        arguments.effort.connections,
        arguments.effort.rounds
    );
    let mut report = Report::new(title);
    let program = &arguments.program;
    program
        .describe(&mut report, server.address, &home.data_dir())
        .await?;
    for (name, path) in PAGES {
        let person = sellers.first().filter(|_| name == SIGNED_IN);
        let cookie = person.map(|person| &person.cookie);
        let read = in_turn(path, cookie, arguments.effort, &[&server], &home).await?;
        let read = read
            .first()
            .ok_or_else(|| Failure::new("nothing was read"))?;
        report.row(name, read.rounds.summary());
        let size = format!("{path}: {} bytes", market::number(read.bytes));
        report.row(format!("{name}, size"), size);
        report.row(format!("{name}, latency"), read.latencies.summary());
        if name == "home" {
            report.at_least(
                "percent of the bare handler",
                read.rounds.median().percent(),
                arguments.require_percent,
            );
        }
    }
    server.stop().await?;
    Ok(report)
}
