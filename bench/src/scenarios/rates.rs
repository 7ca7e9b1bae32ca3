//! How late answers and locks are at a given load: reservations that come evenly, at shares of what the server can do at
//! most.

use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::Stage;
use crate::drive::{Pace, Window, connect};
use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped, per_second};
use crate::ledger::Ledger;
use crate::load::Load;
use crate::market;
use crate::pace;
use crate::report::{Line, Plot, Report};
use crate::server::Program;

/// Shares of the most, in percent.
const SHARES: [u64; 5] = [10, 25, 50, 75, 90];
const HALF: u64 = 50;
/// How many reservations a second are followed until their buyers see that they await their payment: enough to tell one in a
/// hundred of them, few enough that looking at them is no load of its own. At a low load, one in four.
const FOLLOWED: u64 = 100;
const FOLLOWERS: usize = 16;
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
    /// Measure at so many reservations a second, and not at shares of the most: to hold two programs against each other
    #[arg(long, value_name = "RATE")]
    at: Option<u64>,
    /// Fail if at half load one answer in a hundred takes longer, or one order to awaiting:payment
    #[arg(long, value_name = "MS")]
    require_p99_ms: Option<u64>,
    /// Fail if at half load the median to awaiting:payment is longer
    #[arg(long, value_name = "MS")]
    require_median_ms: Option<u64>,
    #[command(flatten)]
    program: Program,
}

/// What was seen at one load.
struct Seen {
    /// What was asked for, or, where that was as much as possible, what was reached.
    rate: u64,
    /// From when a reservation was to be sent to its answer.
    answers: Latencies,
    /// From then until its buyer has seen that it awaits its payment.
    confirmed: Latencies,
    /// Between what the books say of the two.
    booked: Latencies,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let stage = Stage::set(&arguments.program, arguments.connections).await?;
    let mut report = Report::new(format!(
        "rates: {} connections, {} s each",
        arguments.connections, arguments.seconds
    ));
    let data_dir = stage.home.data_dir();
    let (program, address) = (&arguments.program, stage.server.address);
    program.describe(&mut report, address, &data_dir).await?;
    match arguments.at {
        Some(rate) => {
            let seen = arguments.load(&stage, Pace::Open(rate)).await?;
            seen.tell(&format!("{}/s", grouped(rate)), &mut report);
        }
        None => arguments.shares(&stage, &mut report).await?,
    }
    stage.clear(&arguments.program).await?;
    Ok(report)
}

impl Seen {
    fn tell(&self, label: &str, report: &mut Report) {
        for (what, latencies) in [
            ("to 201", &self.answers),
            ("to awaiting:payment, as seen", &self.confirmed),
            ("created to awaiting:payment, booked", &self.booked),
        ] {
            report.row(format!("{label}, {what}"), latencies.summary());
        }
    }
}

impl Arguments {
    /// At shares of the most.
    async fn shares(&self, stage: &Stage, report: &mut Report) -> Result<(), Failure> {
        let most = self.load(stage, Pace::Closed).await?;
        report.row(
            "at most",
            format!("{}/s answered with 201", grouped(most.rate)),
        );
        let mut all = Vec::new();
        for share in SHARES {
            let rate = most.rate * share / 100;
            let seen = self.load(stage, Pace::Open(rate)).await?;
            seen.tell(&format!("{share} %: {}/s", grouped(rate)), report);
            if share == HALF {
                self.judge(&seen, report);
            }
            all.push(seen);
        }
        report.plot(plot(&all));
        Ok(())
    }

    /// By what buyers saw, from when they meant to ask.
    fn judge(&self, seen: &Seen, report: &mut Report) {
        let load = format!("at half load, {}/s", grouped(seen.rate));
        for (what, latencies) in [
            ("201", &seen.answers),
            ("awaiting:payment", &seen.confirmed),
        ] {
            let label = format!("p99 to {what} {load}");
            report.at_most(&label, latencies.p99(), self.require_p99_ms);
        }
        let label = format!("median to awaiting:payment {load}");
        report.at_most(&label, seen.confirmed.median(), self.require_median_ms);
    }

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
        let ahead = connections + FOLLOWERS;
        let count = usize::try_from(rate * seconds).because("so many tickets")? + ahead;
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
        let followers = connect(stage.server.address, FOLLOWERS).await?;
        let (unfollowed, followed) = match pace {
            Pace::Closed => (pace, FOLLOWED),
            Pace::Open(rate) => {
                let followed = FOLLOWED.min(rate / 4).max(1);
                (Pace::Open(rate - followed.min(rate)), followed)
            }
        };
        let since = pace::wall_micros();
        let window = Window::of_seconds(seconds);
        let (driven, followed) = tokio::join!(
            load.drive(connections, unfollowed, window),
            load.drive_to_the_end(followers, followed, window)
        );
        let ((_, tally), followed) = (driven?, followed?);
        tally.all_are(StatusCode::CREATED)?;
        followed.all_are(StatusCode::CREATED)?;
        ledger.settled(SETTLED_WITHIN).await?;
        let answered = [&tally, &followed].map(|tally| tally.in_time(StatusCode::CREATED));
        let reached = per_second(answered.iter().sum(), seconds * 1_000_000);
        Ok(Seen {
            rate: match pace {
                Pace::Closed => reached,
                Pace::Open(rate) => rate,
            },
            booked: ledger.lags_since(since)?,
            confirmed: followed.latencies,
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
            line("awaiting:payment, median", |seen| seen.confirmed.median()),
            line("awaiting:payment, p99", |seen| seen.confirmed.p99()),
        ],
    }
}
