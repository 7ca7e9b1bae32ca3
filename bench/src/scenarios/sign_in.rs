//! Signing in: what it costs to check a password is meant to be much, so what counts is that nobody else waits for it.

use std::net::SocketAddr;

use clap::Args;
use http::StatusCode;

use super::LONG_LOCK_SECONDS;
use crate::drive::{Pace, Window, connect, drive};
use crate::failure::{Because, Failure};
use crate::latencies::{grouped, per_second};
use crate::market;
use crate::onlookers::{Errand, Onlookers};
use crate::pace;
use crate::report::Report;
use crate::server::Program;

/// More tickets than somebody else reserves meanwhile.
const KEPT_PER_SECOND: u64 = 20;

#[derive(Args)]
pub(crate) struct Arguments {
    /// How long
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Connections at once, each of which signs in again and again (auth refuses what is more than some 60)
    #[arg(long, default_value_t = 16)]
    connections: usize,
    /// Fail if meanwhile one request of others in a hundred takes longer, of any kind
    #[arg(long, value_name = "MS")]
    require_p99_ms: Option<u64>,
    #[command(flatten)]
    program: Program,
}

/// What somebody else does meanwhile.
async fn errand(server: SocketAddr, seconds: u64) -> Result<Errand, Failure> {
    let kept = usize::try_from(seconds * KEPT_PER_SECOND).because("so many seconds")?;
    let sellers = market::sign_up(server, "seller", 1).await?;
    let buyer = market::sign_up(server, "onlooker", 1).await?.pop();
    Ok(Errand {
        tickets_at: server,
        orders_at: server,
        buyer: buyer.ok_or_else(|| Failure::new("nobody signed up"))?,
        kept: market::list(server, &sellers, 0..kept, market::kept).await?,
    })
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let home = arguments.program.home()?;
    let server = arguments.program.start(&home, LONG_LOCK_SECONDS).await?;
    market::sign_up(server.address, "buyer", arguments.connections).await?;
    let connections = connect(server.address, arguments.connections).await?;
    let errand = errand(server.address, arguments.seconds).await?;
    let onlookers = Onlookers::come(errand, pace::now()).await?;
    let cpu = server.cpu_micros()?;
    let signed_in = drive(
        connections,
        Pace::Closed,
        Window::of_seconds(arguments.seconds),
        async |connection, number| {
            let reply = market::sign_in(connection, &market::email("buyer", number)).await?;
            Ok(Some(reply.status))
        },
    );
    let (_, tally) = signed_in.await?;
    let seen = onlookers.leave().await?;
    tally.all_are(StatusCode::OK)?;
    let cpu = server.cpu_micros()? - cpu;

    let count = tally.count(StatusCode::OK);
    let rate = per_second(tally.in_time(StatusCode::OK), arguments.seconds * 1_000_000);
    let mut report = Report::new(format!(
        "sign-in: {} connections, {} s",
        arguments.connections, arguments.seconds
    ));
    let program = &arguments.program;
    program
        .describe(&mut report, server.address, &home.data_dir())
        .await?;
    report.row(
        "signed in",
        format!("{}/s ({})", grouped(rate), grouped(count)),
    );
    report.row("latency", tally.latencies.summary());
    report.row(
        "processor time of each",
        format!("{} µs", grouped(cpu / count.max(1))),
    );
    seen.tell(&mut report, arguments.require_p99_ms);
    server.stop().await?;
    Ok(report)
}
