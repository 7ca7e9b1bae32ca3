//! The project's own chores, as `cargo xtask …`: each is one command that a person and the build server run alike.
//!
//! It owns the order of the steps and nothing else: what a step checks lives in the code that it calls. It must
//! never depend on a crate of the workspace, so that it builds in seconds, also while they do not build at all.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool on a terminal talks on the terminal"
)]

mod api;
mod bench;
mod browser;
mod bugs;
mod crash;
mod docs;
mod faults;
mod lint;
mod manifests;
mod model;
mod node;
mod places;
mod python;
mod run;
mod scenarios;
mod schedules;
mod servers;
mod simulate;
mod soak;
mod steps;
mod stripe;
mod surroundings;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The project's own chores.
///
/// Before handing in a change: `cargo xtask test`. All else is a part of it, or takes too long for it.
#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Cli {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Pass all tests: formatting, lints, tests, pages in a browser, documentation, licences, planted faults, the deployment
    Test(steps::Arguments),
    /// Check formatting and lints only, or repair what can be repaired
    Lint(lint::Arguments),
    /// Write docs/openapi.json and the event reference anew from the code
    Docs,
    /// Test the pages in a real browser: all of tests/browser, or the files named; results go to target/browser
    Browser(browser::Arguments),
    /// Take the pictures in docs/tour anew, of a marketplace at work
    Tour,
    /// Send the real program whatever docs/openapi.json allows and forbids, and hold every answer against it
    Api(api::Arguments),
    /// Plant each known fault in a scratch copy, and see that its test catches it
    Bugs(bugs::Arguments),
    /// Kill the real process under load, again and again, and check the invariants after each restart
    Crash(crash::Arguments),
    /// Run thousands of random schedules of card payments, and see that money and tickets agree after each
    Schedules(schedules::Arguments),
    /// Run every scenario of card payments, and write docs/card-payments.md: how often the books were right after each
    Scenarios,
    /// Run the whole marketplace in one thread, seed by seed, with all that may go wrong, and check the invariants
    Simulate(simulate::Arguments),
    /// Visit every state of the model of orders, payments and deadlines, and check the invariants in each
    Model(model::Arguments),
    /// Do to the distributed form under load whatever may befall it, at full length, and check the invariants
    Faults(faults::Arguments),
    /// Do all of that at once, drawn from a seed, for as long as you wish
    Soak(soak::Arguments),
    /// Run the distributed form on this machine: a process for each service, PostgreSQL and NATS, behind one port
    Up(servers::Arguments),
    /// Measure: reservations a second, latency, expiry, start-up
    Bench(bench::Arguments),
}

fn main() -> ExitCode {
    match perform(Cli::parse().chore) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("xtask: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn perform(chore: Chore) -> Result<(), run::Failure> {
    match chore {
        Chore::Test(arguments) => steps::run(&arguments),
        Chore::Lint(arguments) => lint::run(&arguments),
        Chore::Docs => docs::run(),
        Chore::Browser(arguments) => browser::run(&arguments),
        Chore::Tour => browser::tour(),
        Chore::Api(arguments) => api::run(&arguments),
        Chore::Bugs(arguments) => bugs::run(&arguments),
        Chore::Crash(arguments) => crash::run(&arguments),
        Chore::Schedules(arguments) => schedules::run(&arguments),
        Chore::Scenarios => scenarios::run(),
        Chore::Simulate(arguments) => simulate::run(&arguments),
        Chore::Model(arguments) => model::run(&arguments),
        Chore::Faults(arguments) => faults::run(&arguments),
        Chore::Soak(arguments) => soak::run(&arguments),
        Chore::Up(arguments) => servers::up(&arguments),
        Chore::Bench(arguments) => bench::run(&arguments),
    }
}
