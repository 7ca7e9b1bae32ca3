//! How long a person waits under light load: from sending the reservation until the order awaits its payment.

use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::{LONG_LOCK_SECONDS, SELLERS};
use crate::client::Connection;
use crate::failure::{Because, Failure};
use crate::latencies::Latencies;
use crate::load::follow;
use crate::market::{self, Order};
use crate::pace;
use crate::report::Report;
use crate::server::{Program, Running, Subject};

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Reservations a second
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=200))]
    rate: u64,
    /// Fail if the median from request to awaiting:payment is longer
    #[arg(long, value_name = "MS")]
    require_median_ms: Option<u64>,
    #[command(flatten)]
    program: Program,
    #[command(flatten)]
    running: Running,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let subject = Subject::new(&arguments.program, &arguments.running, LONG_LOCK_SECONDS).await?;
    let count =
        usize::try_from(arguments.seconds * arguments.rate).because("so many reservations")?;
    let run = pace::wall_micros();
    let sellers = market::sign_up(subject.address, &format!("seller-{run}"), SELLERS).await?;
    let buyers = market::sign_up(subject.address, &format!("buyer-{run}"), 8).await?;
    let tickets = market::list_tickets(subject.address, &sellers, count).await?;

    let mut connection = Connection::open(subject.address).await?;
    let (mut answers, mut confirmed) = (Latencies::new()?, Latencies::new()?);
    let gap = Duration::from_micros(1_000_000 / arguments.rate);
    let (mut turn, alarm) = (pace::now() + gap, pace::Alarm::new()?);
    for (ticket, buyer) in tickets.iter().zip(buyers.iter().cycle()) {
        alarm.wait_until(turn).await?;
        let sent = turn;
        turn += gap;
        let reply = market::reserve(&mut connection, buyer, ticket)
            .await?
            .expect(StatusCode::CREATED, "reserving")?;
        answers.record(pace::micros_since(sent));
        let order = reply.json::<Order>()?.id;
        follow(&mut connection, buyer, &order).await?;
        confirmed.record(pace::micros_since(sent));
    }

    let mut report = Report::new(format!(
        "latency: {} reservations a second for {} s",
        arguments.rate, arguments.seconds
    ));
    let program = &arguments.program;
    program
        .describe(&mut report, subject.address, &subject.data_dir)
        .await?;
    report.row("reserve, to 201", answers.summary());
    report.row("reserve, to awaiting:payment", confirmed.summary());
    report.at_most(
        "median to awaiting:payment",
        confirmed.median(),
        arguments.require_median_ms,
    );
    subject.finish(&arguments.program).await?;
    Ok(report)
}
