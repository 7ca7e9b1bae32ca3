//! How soon it is ready, on an empty data directory and on its own from last time, and how little it needs when idle.

use std::time::Duration;

use clap::Args;

use super::{LONG_LOCK_SECONDS, reserved};
use crate::failure::Failure;
use crate::latencies::{Latencies, millis};
use crate::market;
use crate::pace;
use crate::report::{Bound, Report};
use crate::server::{Home, Program};

const IDLE_FOR: Duration = Duration::from_secs(3);

#[derive(Args)]
pub(crate) struct Arguments {
    /// Starts of each kind
    #[arg(long, default_value_t = 20)]
    runs: u32,
    /// Orders that its own data from last time have
    #[arg(long, default_value_t = 0)]
    orders: usize,
    /// Fail if the median, of either kind, is longer
    #[arg(long, value_name = "MS")]
    require_ready_ms: Option<u64>,
    /// Fail if more memory (in MB, 1,000,000 bytes) is resident when idle
    #[arg(long, value_name = "MB")]
    require_idle_mb: Option<u64>,
    #[command(flatten)]
    program: Program,
}

pub(crate) async fn run(arguments: &Arguments) -> Result<Report, Failure> {
    let program = &arguments.program;
    let (mut first, mut again) = (Latencies::new()?, Latencies::new()?);
    let home = program.home()?;
    // It gets its data here.
    reserved(program, &home, arguments.orders).await?;
    for _ in 0..arguments.runs {
        let new_home = program.home()?;
        first.record(ready_after(program, &new_home).await?);
        again.record(ready_after(program, &home).await?);
    }
    let process = program.start(&home, LONG_LOCK_SECONDS).await?;
    pace::pause(IDLE_FOR).await;
    let resident = process.resident_kib()? * 1024;
    process.stop().await?;

    let mut report = Report::new(format!("startup: {} starts of each kind", arguments.runs));
    report.of(program.path().ok().as_deref(), &home.data_dir());
    report.row("ready, on an empty data directory", first.summary());
    let orders = market::number(arguments.orders);
    report.row(
        format!("ready, on its own data of {orders} orders"),
        again.summary(),
    );
    report.row("resident after 3 s", megabytes(resident));
    for (label, starts) in [("first start", &first), ("start", &again)] {
        report.at_most(label, starts.median(), arguments.require_ready_ms);
    }
    if let Some(bound) = arguments.require_idle_mb.map(|bound| bound * 1_000_000) {
        report.bound(Bound {
            label: "memory when idle".to_owned(),
            promised: format!("at most {}", megabytes(bound)),
            seen: megabytes(resident),
            is_kept: resident <= bound,
        });
    }
    Ok(report)
}

async fn ready_after(program: &Program, home: &Home) -> Result<u64, Failure> {
    let process = program.start(home, LONG_LOCK_SECONDS).await?;
    let micros = process.ready_after_micros;
    eprintln!("  ready after {}", millis(micros));
    process.stop().await.map(|()| micros)
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000)
}
