//! The load generator: measures Tessera from the outside, as its users meet it.
//!
//! It knows the server by its HTTP contract alone, apart from `ledger`, which reads (and for one scenario moves)
//! rows in the databases of a server that it started itself. It must never share code with what it measures: a
//! mistake would then be on both sides, and invisible. It runs on one thread, and leaves the rest to the server.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool on a terminal talks on the terminal"
)]

mod bare;
mod client;
mod disk;
mod drive;
mod failure;
mod latencies;
mod ledger;
mod load;
mod machine;
mod market;
mod pace;
mod process;
mod report;
mod rounds;
mod scenarios;
mod server;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use failure::{Because, Failure};
use scenarios::{apart, browse, expire, herd, home, latency, purchase, ratio, reserve, startup};

/// Measure Tessera over HTTP.
///
/// Each scenario starts the release build of `tessera` on a data directory of its own, beside the build (a real
/// disk: durability is a part of what is measured), and stops it again. `cargo xtask bench` builds both and runs all.
#[derive(Parser)]
#[command(name = "bench", version)]
struct Cli {
    #[command(subcommand)]
    scenario: Scenario,
}

#[derive(Subcommand)]
enum Scenario {
    /// Many connections reserve distinct tickets, as fast as they are answered
    Reserve(reserve::Arguments),
    /// Whole purchases: reserved, paid, complete, and the money captured
    Purchase(purchase::Arguments),
    /// Crowds: everybody wants one ticket, or one of a few
    Herd(herd::Arguments),
    /// Listings and searches, against a bare handler with as many bytes, in alternating rounds
    Browse(browse::Arguments),
    /// Under light load: from sending POST /api/orders to the order being awaiting:payment
    Latency(latency::Arguments),
    /// Locks that run out: one by one, then many due at once, while listings are read
    Expire(expire::Arguments),
    /// From exec to the first 200 of /readyz, and the memory in use when idle
    Startup(startup::Arguments),
    /// Reservations against a bare handler with answers of the same size, in alternating rounds
    Ratio(ratio::Arguments),
    /// The home page from 100,000 listings, against a bare handler with as many bytes, in alternating rounds
    Home(home::Arguments),
    /// The distributed form on PostgreSQL and NATS, beside pgbench with the one reserving transaction
    Apart(apart::Arguments),
    /// Serve the bare handler that `ratio` compares with
    Bare(bare::Arguments),
}

fn main() -> ExitCode {
    match perform(Cli::parse().scenario) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(scenario: Scenario) -> Result<(), Failure> {
    let mut builder = match scenario {
        // The bare handler is a server: it gets as many threads as the one it is compared with.
        Scenario::Bare(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = builder
        .enable_all()
        .build()
        .because("the runtime could not be started")?;
    runtime.block_on(async {
        match scenario {
            Scenario::Reserve(arguments) => reserve::run(&arguments).await,
            Scenario::Purchase(arguments) => purchase::run(&arguments).await,
            Scenario::Herd(arguments) => herd::run(&arguments).await,
            Scenario::Browse(arguments) => browse::run(&arguments).await,
            Scenario::Latency(arguments) => latency::run(&arguments).await,
            Scenario::Expire(arguments) => expire::run(&arguments).await,
            Scenario::Startup(arguments) => startup::run(&arguments).await,
            Scenario::Ratio(arguments) => ratio::run(&arguments).await,
            Scenario::Home(arguments) => home::run(&arguments).await,
            Scenario::Apart(arguments) => apart::run(&arguments).await,
            Scenario::Bare(arguments) => bare::run(&arguments).await,
        }
    })
}
