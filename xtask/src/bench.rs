//! Measurements: builds the server and the load generator for release, and runs the one against the other.

use clap::{Args, ValueEnum};

use crate::run::{Failure, Run};
use crate::{places, servers};

#[derive(Args)]
pub(crate) struct Arguments {
    /// What to measure; without it all of them, against the bounds that the project promises
    scenario: Option<Scenario>,
    /// For how long (all but expire, startup and herd)
    #[arg(long)]
    seconds: Option<u32>,
    /// Connections at once (all but latency and startup)
    #[arg(long)]
    connections: Option<u32>,
    /// A short look: far fewer tickets, no bounds
    #[arg(long)]
    quick: bool,
    /// Further arguments for the load generator: `cargo xtask bench reserve -- --help`
    #[arg(last = true)]
    more: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Scenario {
    /// 64 connections reserve distinct tickets for 20 s
    Reserve,
    /// Whole purchases: reserved, paid, complete, captured
    Purchase,
    /// 10,000 buyers want one ticket, and 200; against a bare HTTP handler, in turn
    Herd,
    /// Lists and searches of 1,000, 100,000 and 1,000,000 listings, against a bare HTTP handler, in turn
    Browse,
    /// From request to awaiting:payment under light load
    Latency,
    /// One lock, then 100,000 locks, due at once
    Expire,
    /// From exec to ready, and memory when idle
    Startup,
    /// Reservations against a bare HTTP handler, in turn
    Ratio,
    /// The home page from 100,000 listings against a bare page of equal size, in turn
    Home,
    /// The distributed form on PostgreSQL and NATS, in turn with pgbench; some ten minutes, and only by its name
    Apart,
}

impl Scenario {
    fn name(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Purchase => "purchase",
            Self::Herd => "herd",
            Self::Browse => "browse",
            Self::Latency => "latency",
            Self::Expire => "expire",
            Self::Startup => "startup",
            Self::Ratio => "ratio",
            Self::Home => "home",
            Self::Apart => "apart",
        }
    }

    /// What the project promises, on two cores shared with the load generator.
    fn bounds(self) -> &'static [&'static str] {
        match self {
            Self::Reserve => &[
                "--require-rate",
                "5000",
                "--require-p99-ms",
                "50",
                "--require-lag-ms",
                "1000",
            ],
            Self::Purchase => &["--require-rate", "2500"],
            Self::Herd => &["--require-percent", "50", "--require-p99-ms", "20"],
            Self::Browse => &["--require-percent", "40", "--require-flat"],
            Self::Latency => &["--require-median-ms", "10"],
            Self::Expire => &["--require-delay-ms", "1000", "--require-all-s", "60"],
            Self::Startup => &["--require-ready-ms", "500", "--require-idle-mb", "60"],
            Self::Ratio => &[],
            Self::Home => &["--require-percent", "30"],
            Self::Apart => &[
                "--require-alone",
                "50",
                "--require-awaiting",
                "20",
                "--require-event-p99-ms",
                "50",
            ],
        }
    }

    fn quick(self) -> &'static [&'static str] {
        match self {
            Self::Reserve => &["--seconds", "3", "--tickets", "40000"],
            Self::Purchase => &["--seconds", "2"],
            Self::Herd => &["--buyers", "200", "--tickets", "10", "--rounds", "1"],
            Self::Browse => &["--seconds", "1", "--rounds", "1", "--listings", "100,2000"],
            Self::Latency => &["--seconds", "3"],
            Self::Expire => &["--locks", "5000"],
            Self::Startup => &["--runs", "5"],
            Self::Ratio => &["--seconds", "2", "--rounds", "2"],
            Self::Home => &["--seconds", "1", "--rounds", "1", "--listings", "2000"],
            Self::Apart => &[
                "--seconds",
                "2",
                "--rounds",
                "1",
                "--tickets-per-second",
                "9000",
            ],
        }
    }

    fn takes_seconds(self) -> bool {
        !matches!(self, Self::Expire | Self::Startup | Self::Herd)
    }

    fn takes_connections(self) -> bool {
        !matches!(self, Self::Latency | Self::Startup)
    }
}

impl Arguments {
    fn wants(&self, scenario: Scenario) -> bool {
        match self.scenario {
            Some(only) => only == scenario,
            // It needs servers, and time.
            None => scenario != Scenario::Apart,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    Run::cargo([
        "build",
        "--release",
        "--package",
        "tessera",
        "--package",
        "tessera-bench",
    ])
    .show()?;
    let bench = places::target()?.join("release").join("bench");
    let bench = bench.to_string_lossy();
    let mut failed = Vec::new();
    for scenario in Scenario::value_variants() {
        if !arguments.wants(*scenario) {
            continue;
        }
        if *scenario == Scenario::Apart {
            servers::bring()?;
        }
        if Run::new(&bench)
            .args(command_line(arguments, *scenario))
            .show()
            .is_err()
        {
            failed.push(scenario.name());
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "out of bounds, or not measured: {}",
        failed.join(", ")
    )))
}

fn command_line(arguments: &Arguments, scenario: Scenario) -> Vec<String> {
    let mut line = vec![scenario.name().to_owned()];
    let preset = if arguments.quick {
        scenario.quick()
    } else {
        scenario.bounds()
    };
    line.extend(preset.iter().map(ToString::to_string));
    let seconds = arguments.seconds.filter(|_| scenario.takes_seconds());
    line.extend(seconds.map(|seconds| format!("--seconds={seconds}")));
    let connections = arguments
        .connections
        .filter(|_| scenario.takes_connections());
    line.extend(connections.map(|connections| format!("--connections={connections}")));
    line.extend(arguments.more.iter().cloned());
    line
}
