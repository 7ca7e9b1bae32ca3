//! Whole purchases: a ticket is reserved, paid, and sold, and its money captured; in turn with the bare transaction that
//! reserves, which is but one of a purchase's. What counts is an order that is complete when the window closes, by the server's
//! own books.

use std::cell::Cell;
use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::Stage;
use crate::client::Connection;
use crate::drive::{Pace, Tally, Window, connect, drive};
use crate::failure::{Because, Failure};
use crate::latencies::{grouped, per_second};
use crate::ledger::Ledger;
use crate::limits::sqlite::Sqlite;
use crate::market::{self, Order, Person};
use crate::pace;
use crate::report::Report;
use crate::rounds::Rounds;
use crate::server::Program;

const SETTLED_WITHIN: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long purchases are counted in each round
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Rounds, each in turn with one of the bare transaction
    #[arg(long, default_value_t = 3)]
    rounds: u64,
    /// How long a round of the bare transaction takes
    #[arg(long, default_value_t = 3)]
    limit_seconds: u64,
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

/// Tickets that nobody has bought yet.
struct Shop {
    tickets: Vec<String>,
    next: Cell<usize>,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let stage = Stage::set(&arguments.program, arguments.connections).await?;
    let address = stage.server.address;
    let orders = stage.home.data_dir().join("orders.db");
    let sqlite = Sqlite::on_copy_of(&orders, &stage.home.beside("bare.db"))?;
    let seconds = usize::try_from(arguments.seconds * arguments.rounds);
    let seconds = seconds.because("so many seconds")?;
    let count = arguments.tickets.unwrap_or(seconds * 5_000);
    eprintln!("listing {} tickets", market::number(count));
    let shop = Shop {
        tickets: market::list_tickets(address, &stage.sellers, count).await?,
        next: Cell::new(0),
    };
    let ledger = Ledger::open(&stage.home.data_dir())?;

    let mut rounds = Rounds::beside("the bare transaction that reserves, on SQLite");
    let mut total = Tally::new()?;
    for _ in 0..arguments.rounds {
        let limit = sqlite.round(arguments.limit_seconds).await?;
        let (rate, tally) = arguments.round(&stage, &shop, &ledger).await?;
        eprintln!(
            "  bare SQLite {}/s, purchases {}/s",
            grouped(limit),
            grouped(rate)
        );
        rounds.add(limit, rate);
        total.add(&tally)?;
        all_captured(&ledger, total.count(StatusCode::CREATED)).await?;
    }

    let mut report = Report::new(format!(
        "purchase: {} connections, {} rounds of {} s",
        arguments.connections, arguments.rounds, arguments.seconds
    ));
    let program = &arguments.program;
    program
        .describe(&mut report, address, &stage.home.data_dir())
        .await?;
    report.row("complete in the window", rounds.summary());
    report.row(
        "from asking for a ticket to having paid",
        total.latencies.summary(),
    );
    let [paid, captured] = [total.count(StatusCode::CREATED), ledger.captured()?].map(grouped);
    report.row("captured in the end", format!("{captured} of {paid}"));
    let rate = rounds.median().ours;
    report.at_least("purchases a second", rate, arguments.require_rate);
    stage.clear(&arguments.program).await?;
    Ok(report)
}

impl Arguments {
    /// Purchases that are complete, a second, in one round.
    async fn round(
        &self,
        stage: &Stage,
        shop: &Shop,
        ledger: &Ledger,
    ) -> Result<(u64, Tally), Failure> {
        let connections = connect(stage.server.address, self.connections).await?;
        let before = ledger.complete()?;
        let window = Window::of_seconds(self.seconds);
        let bought = drive(
            connections,
            Pace::Closed,
            window,
            async |connection, number| {
                let ticket = shop.next()?;
                let buyer = stage.buyers.get(number % stage.buyers.len().max(1));
                let buyer = buyer.ok_or_else(|| Failure::new("nobody signed up"))?;
                purchase(connection, buyer, ticket).await.map(Some)
            },
        );
        let (_, tally) = bought.await?;
        let (complete, micros) = (ledger.complete()?, pace::micros_since(window.from));
        tally.all_are(StatusCode::CREATED)?;
        Ok((per_second(complete - before, micros), tally))
    }
}

impl Shop {
    fn next(&self) -> Result<&String, Failure> {
        let turn = self.next.replace(self.next.get() + 1);
        self.tickets
            .get(turn)
            .ok_or_else(|| Failure::new("out of tickets before the time was up: raise --tickets"))
    }
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

/// Waits until all orders that were paid are complete, and their money is taken, of each of them once.
pub(super) async fn all_captured(ledger: &Ledger, paid: u64) -> Result<(), Failure> {
    let start = pace::now();
    loop {
        let [complete, captured] = [ledger.complete()?, ledger.captured()?];
        if [complete, captured] == [paid, paid] {
            return Ok(());
        }
        if start.elapsed() > SETTLED_WITHIN || complete > paid || captured > paid {
            return Err(Failure::new(format!(
                "of {} that were paid, {} orders are complete, and the money of {} is captured",
                grouped(paid),
                grouped(complete),
                grouped(captured)
            )));
        }
        pace::pause(LOOK_EVERY).await;
    }
}
