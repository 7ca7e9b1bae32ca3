//! The load generator: measures Tessera from the outside, as its users meet it.
//!
//! It knows the server by its HTTP contract alone, apart from `ledger`, which reads (and before two scenarios changes)
//! rows in the databases of a server that it started itself. It must never share code with what it measures: a
//! mistake would then be on both sides, and invisible. It runs on one thread, and leaves the rest to the server.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool on a terminal talks on the terminal"
)]

mod client;
mod disk;
mod drive;
mod failure;
mod latencies;
mod ledger;
mod limits;
mod load;
mod machine;
mod market;
mod onlookers;
mod pace;
mod page;
mod plot;
mod process;
mod reading;
mod report;
mod rounds;
mod scenarios;
mod server;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use failure::{Because, Failure};
use limits::http as bare;
use report::Report;
use scenarios::{
    apart, backlog, browse, build, expire, herd, home, latency, mixed, peer, purchase, rates,
    reserve, sign_in, startup,
};

/// Measure Tessera over HTTP.
///
/// Each scenario starts the release build of `tessera` on a data directory of its own, beside the build (a real
/// disk: durability is a part of what is measured), and stops it again. `cargo xtask bench` builds both and runs all.
#[derive(Parser)]
#[command(name = "bench", version, args_override_self = true)]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
    /// Keep what was measured in this file, for `bench page`
    #[arg(long, global = true, value_name = "FILE")]
    record: Option<PathBuf>,
}

#[derive(Subcommand)]
enum Scenario {
    /// Many connections reserve distinct tickets, as fast as they are answered
    Reserve(reserve::Arguments),
    /// How late answers and locks are, at shares of the most that the server can do
    Rates(rates::Arguments),
    /// Whole purchases: reserved, paid, complete, and the money captured
    Purchase(purchase::Arguments),
    /// Crowds: everybody wants one ticket, or one of a few
    Herd(herd::Arguments),
    /// Listings and searches, against a bare handler with as many bytes, in alternating rounds
    Browse(browse::Arguments),
    /// Sign-ins, and whether others wait for them
    SignIn(sign_in::Arguments),
    /// Under light load: from sending POST /api/orders to the order being awaiting:payment
    Latency(latency::Arguments),
    /// Locks that run out: one by one, then many due at once, while listings are read
    Expire(expire::Arguments),
    /// Very many events that wait to be published when the server starts
    Backlog(backlog::Arguments),
    /// People look around, and in the middle of it a crowd comes for a few tickets, and pays
    Mixed(mixed::Arguments),
    /// From exec to the first 200 of /readyz, and the memory in use when idle
    Startup(startup::Arguments),
    /// The home page from 100,000 listings, against a bare handler with as many bytes, in alternating rounds
    Home(home::Arguments),
    /// Reservations beside another server with the same paths, in alternating rounds
    Peer(peer::Arguments),
    /// The distributed form on PostgreSQL and NATS, beside pgbench with the one reserving transaction
    Apart(apart::Arguments),
    /// Locks that run out at once in the distributed form, while listings are read
    ExpireApart(apart::expire::Arguments),
    /// How large the program is, and how long a release build takes
    Build(build::Arguments),
    /// Serve the bare handler that others are compared with
    Bare(bare::Arguments),
    /// Write the page of all that was recorded, and its plots
    Page(page::Arguments),
}

fn main() -> ExitCode {
    match perform(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(cli: Cli) -> Result<(), Failure> {
    let mut builder = match cli.scenario {
        // The bare handler is a server: it gets as many threads as the one it is compared with.
        Scenario::Bare(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = builder
        .enable_all()
        .build()
        .because("the runtime could not be started")?;
    let report = match cli.scenario {
        Scenario::Bare(arguments) => return runtime.block_on(bare::run(&arguments)),
        Scenario::Page(arguments) => return page::write(&arguments),
        measured => runtime.block_on(measure(&measured))?,
    };
    report.print();
    if let Some(file) = cli.record {
        report.record(&file)?;
    }
    report.judge()
}

async fn measure(scenario: &Scenario) -> Result<Report, Failure> {
    match scenario {
        Scenario::Reserve(arguments) => reserve::run(arguments).await,
        Scenario::Rates(arguments) => rates::run(arguments).await,
        Scenario::SignIn(arguments) => sign_in::run(arguments).await,
        Scenario::Backlog(arguments) => backlog::run(arguments).await,
        Scenario::Mixed(arguments) => mixed::run(arguments).await,
        Scenario::Purchase(arguments) => purchase::run(arguments).await,
        Scenario::Herd(arguments) => herd::run(arguments).await,
        Scenario::Browse(arguments) => browse::run(arguments).await,
        Scenario::Latency(arguments) => latency::run(arguments).await,
        Scenario::Expire(arguments) => expire::run(arguments).await,
        Scenario::Startup(arguments) => startup::run(arguments).await,
        Scenario::Home(arguments) => home::run(arguments).await,
        Scenario::Peer(arguments) => peer::run(arguments).await,
        Scenario::Apart(arguments) => apart::run(arguments).await,
        Scenario::ExpireApart(arguments) => apart::expire::run(arguments).await,
        Scenario::Build(arguments) => build::run(arguments),
        Scenario::Bare(_) | Scenario::Page(_) => Err(Failure::new("nothing is measured by it")),
    }
}
