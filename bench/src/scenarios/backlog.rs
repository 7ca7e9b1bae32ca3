//! A backlog: very many events wait in the outbox of orders when the server starts, and expiration knows none of them.

use std::path::Path;
use std::time::{Duration, Instant};

use clap::Args;

use super::{LONG_LOCK_SECONDS, reserved};
use crate::failure::{Because, Failure};
use crate::latencies::{grouped, millis, per_second};
use crate::ledger::Ledger;
use crate::market;
use crate::onlookers::Onlookers;
use crate::pace;
use crate::report::Report;
use crate::server::Program;

const LOOK_EVERY: Duration = Duration::from_millis(250);
const LOST_AFTER: Duration = Duration::from_secs(1_800);

#[derive(Args)]
pub(crate) struct Arguments {
    /// Orders that are told of; each has two events
    #[arg(long, default_value_t = 500_000)]
    orders: usize,
    /// Fail if meanwhile one request of others in a hundred takes longer, of any kind
    #[arg(long, value_name = "MS")]
    require_p99_ms: Option<u64>,
    #[command(flatten)]
    program: Program,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let program = &arguments.program;
    let home = program.home()?;
    let mut reserved = reserved(program, &home, arguments.orders).await?;
    let events = Ledger::open(&home.data_dir())?.forget_published()?;
    let began = pace::now();
    let server = program.start(&home, LONG_LOCK_SECONDS).await?;
    let onlookers = Onlookers::come(reserved.errand(server.address)?, began).await?;
    let data_dir = home.data_dir();
    // On a thread of its own: counting must not hold up the onlookers, whose latencies are measured.
    let drained = tokio::task::spawn_blocking(move || drained(&data_dir, began)).await;
    let seen = onlookers.leave().await?;
    let micros = drained.because("the count was lost")??;

    let mut report = Report::new(format!("backlog: {} events", grouped(events)));
    program
        .describe(&mut report, server.address, &home.data_dir())
        .await?;
    report.row("orders", market::number(arguments.orders));
    report.row("from the start to the last event", millis(micros));
    report.row(
        "events",
        format!("{}/s", grouped(per_second(events, micros))),
    );
    seen.tell(&mut report, arguments.require_p99_ms);
    program.check(&home)?;
    server.stop().await?;
    Ok(report)
}

fn drained(data_dir: &Path, began: Instant) -> Result<u64, Failure> {
    let ledger = Ledger::open(data_dir)?;
    loop {
        let left = ledger.unpublished()?;
        let micros = pace::micros_since(began);
        eprintln!("  after {}: {} events left", millis(micros), grouped(left));
        if left == 0 {
            return Ok(micros);
        }
        if began.elapsed() > LOST_AFTER {
            return Err(Failure::new("the events were never all published"));
        }
        pace::nap(LOOK_EVERY);
    }
}
