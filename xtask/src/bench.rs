//! Measurements: builds the server and the load generator for release, and runs the one against the other.
//! `docs/benchmarks.md` is made of what was measured last.

use std::fs;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use crate::run::{Failure, Run};
use crate::{places, servers};

#[derive(Args)]
pub(crate) struct Arguments {
    /// What to measure; without it all of them, against the bounds that the project promises
    scenario: Option<Scenario>,
    /// For how long (all but herd, expire, expire-apart, backlog, startup and build)
    #[arg(long)]
    seconds: Option<u32>,
    /// Connections at once (all but latency, expire, expire-apart, backlog, startup and build)
    #[arg(long)]
    connections: Option<u32>,
    /// Where another server with the same paths listens, which is measured in turn with this one
    #[arg(long, value_name = "ADDRESS")]
    peer: Option<SocketAddr>,
    /// A short look: far fewer tickets, no bounds
    #[arg(long)]
    quick: bool,
    /// Shorter still
    #[arg(skip)]
    smoke: bool,
    /// Further arguments for the load generator: `cargo xtask bench reserve -- --help`
    #[arg(last = true)]
    more: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Scenario {
    /// 128 connections reserve distinct tickets; against a bare HTTP handler and the bare transaction on SQLite, in turn
    Reserve,
    /// How late answers and locks are, at shares of the most that the server can do
    Rates,
    /// Whole purchases: reserved, paid, complete, captured; against the bare transaction on SQLite, in turn
    Purchase,
    /// 10,000 buyers want one ticket, and 200; against a bare HTTP handler, in turn
    Herd,
    /// Lists and searches of 1,000, 100,000 and 1,000,000 listings, against a bare HTTP handler, in turn
    Browse,
    /// Sign-ins, and whether others wait for them
    SignIn,
    /// From request to awaiting:payment under light load
    Latency,
    /// One lock, then 1,000,000 locks, due at once
    Expire,
    /// 1,000,000 events wait to be published when the server starts
    Backlog,
    /// People look around, and a crowd comes for 200 tickets
    Mixed,
    /// From exec to ready with 1,000,000 orders, and memory when idle
    Startup,
    /// The home page from 100,000 listings against a bare page of equal size, in turn
    Home,
    /// The distributed form on PostgreSQL and NATS, in turn with pgbench; some ten minutes
    Apart,
    /// 1,000,000 locks due at once, in the distributed form
    ExpireApart,
    /// The program's size, and a release build from an empty folder; some seven minutes
    Build,
    /// Another server with the same paths (--peer), in turn with this one; without it, another process of this one
    Peer,
}

impl Scenario {
    fn name(self) -> &'static str {
        match self {
            Self::Reserve => "reserve",
            Self::Rates => "rates",
            Self::Purchase => "purchase",
            Self::Herd => "herd",
            Self::Browse => "browse",
            Self::SignIn => "sign-in",
            Self::Latency => "latency",
            Self::Expire => "expire",
            Self::Backlog => "backlog",
            Self::Mixed => "mixed",
            Self::Startup => "startup",
            Self::Home => "home",
            Self::Apart => "apart",
            Self::ExpireApart => "expire-apart",
            Self::Build => "build",
            Self::Peer => "peer",
        }
    }

    /// What the project promises, on two cores shared with the load generator.
    fn bounds(self) -> &'static [&'static str] {
        match self {
            Self::Reserve => &[
                "--require-rate",
                "8000",
                "--require-p99-ms",
                "50",
                "--require-lag-ms",
                "1000",
            ],
            Self::Rates => &["--require-p99-ms", "20", "--require-median-ms", "3"],
            Self::Purchase => &["--require-rate", "2500"],
            Self::Herd => &["--require-percent", "50", "--require-p99-ms", "20"],
            Self::Browse => &["--rounds", "5", "--require-percent", "40", "--require-flat"],
            Self::Latency => &["--require-median-ms", "10"],
            Self::Expire => &[
                "--locks",
                "1000000",
                "--require-delay-ms",
                "1000",
                "--require-all-s",
                "180",
                "--require-p99-ms",
                "100",
            ],
            Self::Startup => &[
                "--orders",
                "1000000",
                "--require-ready-ms",
                "1000",
                "--require-idle-mb",
                "40",
            ],
            Self::Peer => &[],
            Self::Build => &[
                "--from-nothing",
                "--require-seconds",
                "360",
                "--require-mb",
                "25",
            ],
            Self::SignIn | Self::Backlog => &["--require-p99-ms", "100"],
            Self::Mixed => &["--require-p99-ms", "20"],
            Self::Home => &["--require-percent", "30"],
            Self::Apart => &[
                "--require-alone",
                "50",
                "--require-awaiting",
                "20",
                "--require-event-p99-ms",
                "50",
            ],
            Self::ExpireApart => &[
                "--locks",
                "1000000",
                "--require-all-s",
                "400",
                "--require-p99-ms",
                "100",
            ],
        }
    }

    fn quick(self) -> &'static [&'static str] {
        match self {
            Self::Reserve => &[
                "--seconds",
                "1",
                "--rounds",
                "1",
                "--limit-seconds",
                "1",
                "--warm-up-seconds",
                "0",
                "--tickets",
                "15000",
            ],
            Self::Rates => &["--seconds", "1"],
            Self::Purchase => &["--seconds", "2", "--rounds", "1", "--limit-seconds", "1"],
            Self::SignIn => &["--seconds", "2"],
            Self::Herd => &["--buyers", "200", "--tickets", "10", "--rounds", "1"],
            Self::Browse => &["--seconds", "1", "--rounds", "1", "--listings", "100,2000"],
            Self::Latency => &["--seconds", "3"],
            Self::Expire => &["--locks", "5000"],
            Self::Backlog => &["--orders", "5000"],
            Self::Mixed => &[
                "--seconds",
                "3",
                "--looks",
                "200",
                "--listings",
                "2000",
                "--buyers",
                "200",
                "--tickets",
                "20",
            ],
            Self::Startup => &["--runs", "5"],
            Self::Build => &[],
            Self::Peer => &["--seconds", "2", "--rounds", "2"],
            Self::Home => &["--seconds", "1", "--rounds", "1", "--listings", "2000"],
            Self::Apart => &[
                "--seconds",
                "1",
                "--rounds",
                "1",
                "--tickets-per-second",
                "9000",
            ],
            Self::ExpireApart => &["--locks", "1000", "--made", "250"],
        }
    }

    /// Besides, on a debug build, which is far slower.
    fn smoke(self) -> &'static [&'static str] {
        match self {
            Self::Reserve => &["--tickets", "6000"],
            Self::Rates => &["--tickets-per-second", "5000"],
            Self::Purchase => &["--seconds", "1", "--tickets", "4000"],
            Self::Browse => &["--listings", "100,500"],
            Self::Expire => &["--locks", "1000"],
            Self::Backlog => &["--orders", "1000"],
            Self::Mixed | Self::Home => &["--listings", "500"],
            Self::Apart => &["--tickets-per-second", "6000"],
            Self::Peer => &["--seconds", "1", "--rounds", "1"],
            _ => &[],
        }
    }

    /// There is a peer where somebody says so.
    fn needs_peer(self) -> bool {
        self == Self::Peer
    }

    fn takes_seconds(self) -> bool {
        !matches!(
            self,
            Self::Expire
                | Self::ExpireApart
                | Self::Startup
                | Self::Herd
                | Self::Backlog
                | Self::Build
        )
    }

    fn takes_connections(self) -> bool {
        !matches!(
            self,
            Self::Latency
                | Self::Startup
                | Self::Expire
                | Self::ExpireApart
                | Self::Backlog
                | Self::Build
        )
    }
}

/// Where the records of a run are, and the page that is made of them: the one in `docs/` only of scenarios as they are meant,
/// and once all of them were measured; each may be measured again by itself.
struct Results {
    records: PathBuf,
    page: PathBuf,
    /// The one in `docs/`.
    whole_page: Option<PathBuf>,
}

impl Results {
    fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let folder = places::target()?.join("bench");
        let records = if arguments.is_as_meant() {
            "whole"
        } else {
            "parts"
        };
        let results = Self {
            records: folder.join("records").join(records),
            page: folder.join("benchmarks.md"),
            whole_page: arguments
                .is_as_meant()
                .then(|| places::root().join("docs/benchmarks.md")),
        };
        if arguments.scenario.is_none() {
            results.make_room()?;
        }
        Ok(results)
    }

    fn page(&self) -> &Path {
        let mut all = Scenario::value_variants().iter();
        let is_there =
            |scenario: &Scenario| scenario.needs_peer() || self.record(*scenario).exists();
        match &self.whole_page {
            Some(page) if all.all(is_there) => page,
            _ => &self.page,
        }
    }

    /// What an earlier run recorded is not what this one saw.
    fn make_room(&self) -> Result<(), Failure> {
        match fs::remove_dir_all(&self.records) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(cannot(&self.records, &error)),
            _ => Ok(()),
        }
    }

    /// The page shows them in the order of their files.
    fn record(&self, scenario: Scenario) -> PathBuf {
        let all = Scenario::value_variants();
        let place = all.iter().position(|one| *one == scenario).unwrap_or(0);
        let file = format!("{place:02}-{}.json", scenario.name());
        self.records.join(file)
    }
}

impl Arguments {
    fn smoke() -> Self {
        Self {
            scenario: None,
            seconds: None,
            connections: None,
            peer: None,
            quick: true,
            smoke: true,
            more: Vec::new(),
        }
    }

    fn is_as_meant(&self) -> bool {
        let is_usual = self.seconds.is_none() && self.connections.is_none() && self.more.is_empty();
        !self.quick && is_usual
    }

    fn wants(&self, scenario: Scenario) -> bool {
        match self.scenario {
            Some(only) => only == scenario,
            None => !scenario.needs_peer() || self.peer.is_some() || self.smoke,
        }
    }
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    Run::cargo([
        "build",
        "--release",
        "--workspace",
        "--bin",
        "tessera",
        "--bin",
        "bench",
    ])
    .show()?;
    let bench = places::target()?.join("release").join("bench");
    let bench = bench.to_string_lossy();
    let results = Results::of(arguments)?;
    let mut failed = Vec::new();
    for scenario in all_of(arguments) {
        if let Err(failure) = measure(&bench, arguments, scenario, &results) {
            println!("{failure}");
            failed.push(scenario.name());
        }
    }
    page(&bench, &results)?;
    if failed.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!(
        "out of bounds, or not measured: {}",
        failed.join(", ")
    )))
}

/// Each scenario once, as short as can be, on what the other tests have built: whether it works, and no figure counts.
pub(crate) fn smoke() -> Result<(), Failure> {
    Run::cargo(["build", "--workspace", "--bins"]).show()?;
    let folder = places::target()?;
    let bench = folder.join("debug").join("bench");
    let bench = bench.to_string_lossy();
    let arguments = Arguments::smoke();
    let results = Results {
        records: folder.join("bench/records/smoke"),
        page: folder.join("bench/smoke/benchmarks.md"),
        whole_page: None,
    };
    results.make_room()?;
    for scenario in all_of(&arguments) {
        measure(&bench, &arguments, scenario, &results)?;
    }
    page(&bench, &results)
}

/// Those that are wanted.
fn all_of(arguments: &Arguments) -> impl Iterator<Item = Scenario> {
    let all = Scenario::value_variants().iter().copied();
    all.filter(|scenario| arguments.wants(*scenario))
}

/// Makes the page of what was recorded.
fn page(bench: &str, results: &Results) -> Result<(), Failure> {
    let page = results.page();
    Run::new(bench)
        .arg("page")
        .arg("--records")
        .arg(&results.records)
        .arg("--page")
        .arg(page)
        .arg("--notes")
        .arg(places::root().join("bench/notes"))
        .show()?;
    println!("{}", page.display());
    Ok(())
}

fn measure(
    bench: &str,
    arguments: &Arguments,
    scenario: Scenario,
    results: &Results,
) -> Result<(), Failure> {
    if matches!(scenario, Scenario::Apart | Scenario::ExpireApart) {
        servers::bring()?;
    }
    let record = results.record(scenario);
    fs::create_dir_all(&results.records).map_err(|error| cannot(&results.records, &error))?;
    match fs::remove_file(&record) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(cannot(&record, &error)),
        _ => {}
    }
    Run::new(bench)
        .args(command_line(arguments, scenario))
        .arg("--record")
        .arg(&record)
        .show()
}

fn command_line(arguments: &Arguments, scenario: Scenario) -> Vec<String> {
    let mut line = vec![scenario.name().to_owned()];
    let preset = if arguments.quick {
        scenario.quick()
    } else {
        scenario.bounds()
    };
    line.extend(preset.iter().map(ToString::to_string));
    let shorter = if arguments.smoke {
        scenario.smoke()
    } else {
        &[]
    };
    line.extend(shorter.iter().map(ToString::to_string));
    let seconds = arguments.seconds.filter(|_| scenario.takes_seconds());
    line.extend(seconds.map(|seconds| format!("--seconds={seconds}")));
    let connections = arguments
        .connections
        .filter(|_| scenario.takes_connections());
    line.extend(connections.map(|connections| format!("--connections={connections}")));
    let peer = arguments.peer.filter(|_| scenario.needs_peer());
    line.extend(peer.map(|peer| format!("--peer={peer}")));
    line.extend(arguments.more.iter().cloned());
    line
}

fn cannot(path: &Path, error: &io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}
