//! Measurements: builds the server and the load generator for release, and runs the one against the other.

use clap::{Args, ValueEnum};

use crate::run::{Failure, Run};
use crate::{places, servers};

#[derive(Args)]
pub(crate) struct Arguments {
    /// What to measure; without it all of them, against the bounds that the project promises
    scenario: Option<Scenario>,
    /// For how long (reserve, latency, ratio, home)
    #[arg(long)]
    seconds: Option<u32>,
    /// Connections at once (reserve, expire, ratio, home)
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
        matches!(
            self,
            Self::Reserve | Self::Latency | Self::Ratio | Self::Home | Self::Apart
        )
    }

    fn takes_connections(self) -> bool {
        matches!(
            self,
            Self::Reserve | Self::Expire | Self::Ratio | Self::Home | Self::Apart
        )
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
