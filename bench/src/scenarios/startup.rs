//! How soon it is ready, on an empty data directory and on its own from last time, and how little it needs when idle.

use std::time::Duration;

use clap::Args;

use super::{LONG_LOCK_SECONDS, reserved};
use crate::failure::Failure;
use crate::latencies::{Latencies, megabytes, millis};
use crate::market;
use crate::pace;
use crate::process::Process;
use crate::report::{Bound, Report};
use crate::server::{Home, Program};

const IDLE_FOR: Duration = Duration::from_secs(3);
/// Memory is not to grow with the data. In percent.
const GROWS_AT_MOST: u64 = 120;

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
    let mut report = Report::new(format!("startup: {} starts of each kind", arguments.runs));
    let new_home = program.home()?;
    let process = program.start(&new_home, LONG_LOCK_SECONDS).await?;
    program
        .describe(&mut report, process.address, &new_home.data_dir())
        .await?;
    let empty = idle(process).await?;
    let resident = idle(program.start(&home, LONG_LOCK_SECONDS).await?).await?;
    report.row("ready, on an empty data directory", first.summary());
    let orders = market::number(arguments.orders);
    report.row(
        format!("ready, on its own data of {orders} orders"),
        again.summary(),
    );
    report.row("resident after 3 s, on an empty one", megabytes(empty));
    report.row(
        format!("resident after 3 s, on {orders} orders"),
        megabytes(resident),
    );
    for (label, starts) in [("first start", &first), ("start", &again)] {
        report.at_most(label, starts.median(), arguments.require_ready_ms);
    }
    if arguments.require_idle_mb.is_some() {
        report.bound(Bound {
            label: format!("memory when idle, on {orders} orders"),
            promised: format!("at most {GROWS_AT_MOST} % of that on none"),
            seen: format!("{} %", resident * 100 / empty.max(1)),
            is_kept: resident * 100 <= empty * GROWS_AT_MOST,
        });
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

/// Bytes in use by a server that has nothing to do.
async fn idle(process: Process) -> Result<u64, Failure> {
    pace::pause(IDLE_FOR).await;
    let resident = process.resident_kib()? * 1024;
    process.stop().await?;
    Ok(resident)
}

async fn ready_after(program: &Program, home: &Home) -> Result<u64, Failure> {
    let process = program.start(home, LONG_LOCK_SECONDS).await?;
    let micros = process.ready_after_micros;
    eprintln!("  ready after {}", millis(micros));
    process.stop().await.map(|()| micros)
}
