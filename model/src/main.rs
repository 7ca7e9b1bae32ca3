//! Walks through the model, and says what it found: `cargo xtask model --help`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool on a terminal talks on the terminal"
)]

use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::thread;
use std::time::Instant;

use clap::{Parser, ValueEnum};
use tessera_model::{Bounds, Guards, History, Marketplace, Verdict, exhaust, look_for};

/// Visits every state that the protocol of orders, payments and deadlines can come to, within bounds.
///
/// Says how many there are, and of each invariant whether it holds in all of them. Exits 1 when one does not, with a
/// history that breaks it; or when something that must be possible is not.
#[derive(Parser)]
#[command(name = "cargo xtask model", bin_name = "cargo xtask model")]
struct Arguments {
    /// How much may happen in one history
    #[arg(long, value_enum, default_value_t = Size::Full)]
    bounds: Size,
    /// Print a history for everything that is to be possible
    #[arg(long)]
    examples: bool,
    /// Threads that share a walk; with more than one, the depth is not exact [default: one for each processor]
    #[arg(long)]
    threads: Option<NonZeroUsize>,
}

#[derive(Clone, Copy, ValueEnum)]
enum Size {
    /// As in the tests: seconds
    Small,
    /// All of it: a minute or two, and less than a gigabyte of memory
    Full,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let walks = match arguments.bounds {
        Size::Small => Bounds::SMALL,
        Size::Full => Bounds::FULL,
    };
    let threads = arguments
        .threads
        .or_else(|| thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZeroUsize::get);
    let mut is_sound = true;
    for (name, bounds) in walks {
        is_sound &= walk(name, *bounds, threads, arguments.examples);
    }
    if is_sound {
        ExitCode::SUCCESS
    } else {
        eprintln!("the protocol does not keep what it promises");
        ExitCode::FAILURE
    }
}

#[expect(clippy::disallowed_methods, reason = "a tool tells how long it took")]
fn walk(name: &str, bounds: Bounds, threads: usize, examples: bool) -> bool {
    println!("── {name}");
    let model = Marketplace {
        bounds,
        guards: Guards::ALL,
    };
    let began = Instant::now();
    let account = exhaust(model, threads);
    let millis = began.elapsed().as_millis();
    println!(
        "{} steps, {} unique states, depth {}, {}.{} s",
        account.steps,
        account.states,
        account.depth,
        millis / 1_000,
        millis % 1_000 / 100
    );
    let is_broken = |verdict: &Verdict| verdict.in_every_state && !verdict.is_good();
    let is_cut_off = account.verdicts.iter().any(is_broken);
    for verdict in &account.verdicts {
        println!("  {:<8} {}", word(verdict, is_cut_off), verdict.name);
        if verdict.in_every_state {
            verdict.history.iter().for_each(show);
        } else if examples {
            // A walk through everything keeps the last one that it met: here is a short one.
            look_for(model, verdict.name).iter().for_each(show);
        }
    }
    println!();
    account.is_sound()
}

/// A walk that found something broken is cut off, and knows nothing of what it did not come to.
fn word(verdict: &Verdict, is_cut_off: bool) -> &'static str {
    match (verdict.in_every_state, verdict.is_good()) {
        (true, true) | (false, false) if is_cut_off => "unknown",
        (true, true) => "holds",
        (true, false) => "BROKEN",
        (false, true) => "happens",
        (false, false) => "NEVER",
    }
}

fn show(history: &History) {
    for (number, step) in (1..).zip(&history.steps) {
        println!("    {number:>3}. {step}");
    }
    for line in history.end.lines() {
        println!("         {line}");
    }
}
