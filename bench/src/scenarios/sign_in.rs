//! Signing in: what it costs to check a password is meant to be much, so what counts is that nobody else waits for it.

use std::time::Duration;

use clap::Args;
use http::StatusCode;

use super::LONG_LOCK_SECONDS;
use crate::drive::{Pace, connect, drive};
use crate::failure::Failure;
use crate::latencies::{grouped, per_second};
use crate::market;
use crate::onlooker::Onlooker;
use crate::pace;
use crate::report::Report;
use crate::server::Program;

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections at once, each of which signs in again and again (auth refuses what is more than some 60)
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Fail if meanwhile one look at listings in a hundred takes longer
    #[arg(long, value_name = "MS")]
    require_p99_ms: Option<u64>,
    #[command(flatten)]
    program: Program,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let home = arguments.program.home()?;
    let server = arguments.program.start(&home, LONG_LOCK_SECONDS).await?;
    market::sign_up(server.address, "buyer", arguments.connections).await?;
    let connections = connect(server.address, arguments.connections).await?;
    let onlooker = Onlooker::come(server.address).await?;
    let until = pace::now() + Duration::from_secs(arguments.seconds);
    let cpu = server.cpu_micros()?;
    let signed_in = drive(
        connections,
        Pace::Closed,
        until,
        async |connection, number| {
            let reply = market::sign_in(connection, &market::email("buyer", number)).await?;
            Ok(Some(reply.status))
        },
    );
    let (_, tally) = signed_in.await?;
    let looks = onlooker.leave().await?;
    tally.all_are(StatusCode::OK)?;
    let cpu = server.cpu_micros()? - cpu;

    let count = tally.count(StatusCode::OK);
    let rate = per_second(tally.in_time(StatusCode::OK), arguments.seconds * 1_000_000);
    let mut report = Report::new(format!(
        "sign-in: {} connections, {} s",
        arguments.connections, arguments.seconds
    ));
    report.of(arguments.program.path().ok().as_deref(), &home.data_dir());
    report.row(
        "signed in",
        format!("{}/s ({})", grouped(rate), grouped(count)),
    );
    report.row("latency", tally.latencies.summary());
    report.row(
        "processor time of each",
        format!("{} µs", grouped(cpu / count.max(1))),
    );
    looks.tell(&mut report, arguments.require_p99_ms);
    server.stop().await?;
    Ok(report)
}
