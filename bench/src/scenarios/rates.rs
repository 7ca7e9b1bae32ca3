//! How late answers and locks are at a given load: reservations that come evenly, at shares of what the server can do at
//! most.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::Stage;
use crate::drive::{Pace, connect};
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped, per_second};
use crate::ledger::Ledger;
use crate::load::Load;
use crate::market;
use crate::pace;
use crate::report::{Line, Plot, Report};
use crate::server::{self, Program};

/// Shares of the most, in percent.
const SHARES: [u64; 5] = [10, 25, 50, 75, 90];
const HALF: u64 = 50;
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long each load lasts
    #[arg(long, default_value_t = 5)]
    seconds: u64,
    /// Connections at once, each with a buyer of its own
    #[arg(long, default_value_t = 64)]
    connections: usize,
    /// Distinct tickets for each second of load
    #[arg(long, default_value_t = 10_000)]
    tickets_per_second: u64,
    /// Fail if at half load one answer in a hundred takes longer, or one order to awaiting:payment
    #[arg(long, value_name = "MS")]
    require_p99_ms: Option<u64>,
    /// Fail if at half load the median from created to awaiting:payment is longer
    #[arg(long, value_name = "MS")]
    require_median_ms: Option<u64>,
    #[command(flatten)]
    program: Program,
}

/// What was seen at one load.
struct Seen {
    /// What was asked for, or, where that was as much as possible, what was reached.
    rate: u64,
    answers: Latencies,
    lags: Latencies,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let stage = Stage::set(&arguments.program, arguments.connections).await?;
    let most = arguments.load(&stage, Pace::Closed).await?;
    let mut report = Report::new(format!(
        "rates: {} connections, {} s each",
        arguments.connections, arguments.seconds
    ));
    let data_dir = stage.home.data_dir();
    report.of(arguments.program.path().ok().as_deref(), &data_dir);
    report.row(
        "durability",
        server::durability(stage.server.address).await?,
    );
    report.row(
        "at most",
        format!("{}/s answered with 201", grouped(most.rate)),
    );
    let mut all = Vec::new();
    for share in SHARES {
        let seen = arguments
            .load(&stage, Pace::Open(most.rate * share / 100))
            .await?;
        let label = format!("{share} %: {}/s", grouped(seen.rate));
        report.row(format!("{label}, to 201"), seen.answers.summary());
        report.row(format!("{label}, to awaiting:payment"), seen.lags.summary());
        if share == HALF {
            report.at_most(
                "p99 to 201 at half load",
                seen.answers.p99(),
                arguments.require_p99_ms,
            );
            report.at_most(
                "p99 to awaiting:payment at half load",
                seen.lags.p99(),
                arguments.require_p99_ms,
            );
            report.at_most(
                "median to awaiting:payment at half load",
                seen.lags.median(),
                arguments.require_median_ms,
            );
        }
        all.push(seen);
    }
    report.plot(plot(&all));
    stage.clear(&arguments.program).await?;
    Ok(report)
}

impl Arguments {
    /// So many reservations a second, or as many as there can be, of tickets that are listed for it.
    async fn load(&self, stage: &Stage, pace: Pace) -> Result<Seen, Failure> {
        let Arguments {
            seconds,
            connections,
            tickets_per_second,
            ..
        } = *self;
        let rate = match pace {
            Pace::Closed => tickets_per_second,
            Pace::Open(rate) => rate,
        };
        let count = usize::try_from(rate * seconds).because("so many tickets")? + connections;
        eprintln!("listing {} tickets", market::number(count));
        let tickets = market::list_tickets(stage.server.address, &stage.sellers, count).await?;
        let load = Load::new(stage.buyers.clone(), tickets);
        self.put(stage, &load, pace).await
    }

    async fn put(&self, stage: &Stage, load: &Arc<Load>, pace: Pace) -> Result<Seen, Failure> {
        let Arguments {
            seconds,
            connections,
            ..
        } = *self;
        let ledger = Ledger::open(&stage.home.data_dir())?;
        let connections = connect(stage.server.address, connections).await?;
        let since = pace::wall_micros();
        let until = pace::now() + Duration::from_secs(seconds);
        let (_, tally) = load.drive(connections, pace, until).await?;
        tally.all_are(StatusCode::CREATED)?;
        ledger.settled(SETTLED_WITHIN).await?;
        let reached = per_second(tally.in_time(StatusCode::CREATED), seconds * 1_000_000);
        Ok(Seen {
            rate: match pace {
                Pace::Closed => reached,
                Pace::Open(rate) => rate,
            },
            lags: ledger.lags_since(since)?,
            answers: tally.latencies,
        })
    }
}

fn plot(all: &[Seen]) -> Plot {
    let line = |name: &str, of: fn(&Seen) -> u64| Line {
        name: name.to_owned(),
        points: all.iter().map(|seen| (seen.rate, of(seen))).collect(),
    };
    Plot {
        name: "rates".to_owned(),
        title: "Latency against load".to_owned(),
        along: "reservations a second".to_owned(),
        up: "microseconds".to_owned(),
        lines: vec![
            line("201, median", |seen| seen.answers.median()),
            line("201, p99", |seen| seen.answers.p99()),
            line("awaiting:payment, median", |seen| seen.lags.median()),
            line("awaiting:payment, p99", |seen| seen.lags.p99()),
        ],
    }
}
