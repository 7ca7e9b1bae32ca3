//! Whole purchases: a ticket is reserved, paid, and sold, and its money captured. What counts is an order that is complete
//! when the window closes, by the server's own books.

use std::cell::Cell;
use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::Stage;
use crate::client::Connection;
use crate::drive::{Pace, connect, drive};
use crate::failure::{Because, Failure};
use crate::latencies::{grouped, per_second};
use crate::ledger::Ledger;
use crate::market::{self, Order, Person};
use crate::pace;
use crate::report::Report;
use crate::server::{self, Program};

const SETTLED_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long purchases are counted
    #[arg(long, default_value_t = 20)]
    seconds: u64,
    /// Connections at once, each with a buyer of its own
    #[arg(long, default_value_t = 256)]
    connections: usize,
    /// Distinct tickets listed beforehand; 5,000 for every second if left out
    #[arg(long)]
    tickets: Option<usize>,
    /// Fail below so many complete orders a second
    #[arg(long, value_name = "PER_SECOND")]
    require_rate: Option<u64>,
    #[command(flatten)]
    program: Program,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let stage = Stage::set(&arguments.program, arguments.connections).await?;
    let (address, buyers) = (stage.server.address, &stage.buyers);
    let seconds = usize::try_from(arguments.seconds).because("so many seconds")?;
    let count = arguments.tickets.unwrap_or(seconds * 5_000);
    eprintln!("listing {} tickets", market::number(count));
    let tickets = market::list_tickets(address, &stage.sellers, count).await?;
    let ledger = Ledger::open(&stage.home.data_dir())?;

    let connections = connect(address, arguments.connections).await?;
    let next = Cell::new(0);
    let began = pace::now();
    let until = began + Duration::from_secs(arguments.seconds);
    let bought = drive(
        connections,
        Pace::Closed,
        until,
        async |connection, number| {
            let turn = next.replace(next.get() + 1);
            let ticket = tickets.get(turn).ok_or_else(|| {
                Failure::new("out of tickets before the time was up: raise --tickets")
            })?;
            let buyer = buyers.get(number % buyers.len().max(1));
            let buyer = buyer.ok_or_else(|| Failure::new("nobody signed up"))?;
            purchase(connection, buyer, ticket).await.map(Some)
        },
    );
    let (_, tally) = bought.await?;
    let (complete, micros) = (ledger.complete()?, pace::micros_since(began));
    tally.all_are(StatusCode::CREATED)?;
    let paid = tally.count(StatusCode::CREATED);
    all_captured(&ledger, paid).await?;

    let rate = per_second(complete, micros);
    let mut report = Report::new(format!(
        "purchase: {} connections, {} s",
        arguments.connections, arguments.seconds
    ));
    report.of(
        arguments.program.path().ok().as_deref(),
        &stage.home.data_dir(),
    );
    report.row("durability", server::durability(address).await?);
    report.row(
        "complete in the window",
        format!("{}/s ({})", grouped(rate), grouped(complete)),
    );
    report.row(
        "from asking for a ticket to having paid",
        tally.latencies.summary(),
    );
    report.row(
        "captured in the end",
        format!("{} of {}", grouped(paid), grouped(paid)),
    );
    report.at_least("purchases a second", rate, arguments.require_rate);
    stage.clear(&arguments.program).await?;
    Ok(report)
}

/// Reserves and pays; answers what came of the payment, or why it did not come to it.
pub(super) async fn purchase(
    connection: &mut Connection,
    buyer: &Person,
    ticket: &str,
) -> Result<StatusCode, Failure> {
    let reply = market::reserve(connection, buyer, ticket).await?;
    if reply.status != StatusCode::CREATED {
        return Ok(reply.status);
    }
    let order: Order = reply.json()?;
    Ok(market::pay(connection, buyer, &order.id).await?.status)
}

/// Waits until all orders that were paid are complete, and their money is taken.
pub(super) async fn all_captured(ledger: &Ledger, paid: u64) -> Result<(), Failure> {
    let start = pace::now();
    while ledger.complete()? < paid || ledger.captured()? < paid {
        if start.elapsed() > SETTLED_WITHIN {
            return Err(Failure::new(format!(
                "of {} payments, {} were captured",
                grouped(paid),
                grouped(ledger.captured()?)
            )));
        }
        pace::pause(LOOK_EVERY).await;
    }
    Ok(())
}
