//! Runs seeds, and says what came of them: `cargo xtask simulate --help`.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a tool on a terminal talks on the terminal"
)]

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::Instant;

use clap::Parser;
use tessera_simulation::{Outcome, Template, simulate_guarded};

/// Runs the whole marketplace in one thread, once for each seed, with everything going wrong that its seed says.
///
/// The same seed gives the same run, to the byte; of each hundred seeds one is run twice to see that. Exits 1 when an
/// invariant is broken, with the command that shows it again, and with what happened.
#[derive(Parser)]
#[command(name = "cargo xtask simulate", bin_name = "cargo xtask simulate")]
struct Arguments {
    /// How many seeds
    #[arg(long, default_value_t = 2_000)]
    seeds: u64,
    /// The first of them; the others count on from it
    #[arg(long, default_value_t = 1)]
    first_seed: u64,
    /// Print every step
    #[arg(long)]
    trace: bool,
    /// Print a line for each seed, with its steps and a digest of all that happened: the same on every run
    #[arg(long)]
    digests: bool,
    /// Threads, each with a run of its own [default: one for each processor]
    #[arg(long)]
    threads: Option<NonZeroUsize>,
}

/// What one thread tells of a seed.
enum Told {
    Run(Box<Outcome>),
    /// It was run twice, and was the same.
    Same,
    Failed(String),
}

/// What came of all of them.
#[derive(Default)]
struct Sum {
    seeds: u64,
    steps: u64,
    crashes: u64,
    twice: u64,
    tally: BTreeMap<String, u64>,
}

impl Sum {
    /// How fast it is, in words.
    fn rate(&self, began: Instant) -> String {
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let tenths = self.seeds.saturating_mul(10_000) / millis.max(1);
        format!("{}.{} a second", tenths / 10, tenths % 10)
    }
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(words) => {
            eprintln!("{words}");
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a tool tells how long it took")]
fn run(arguments: &Arguments) -> Result<(), String> {
    let began = Instant::now();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build();
    let runtime = runtime.map_err(|error| format!("no runtime: {error}"))?;
    let template = runtime.block_on(Template::make())?;
    let next = AtomicU64::new(arguments.first_seed);
    let stop = AtomicBool::new(false);
    let end = arguments.first_seed.saturating_add(arguments.seeds);
    let threads = arguments
        .threads
        .or_else(|| thread::available_parallelism().ok());
    let threads = threads.map_or(1, NonZeroUsize::get);
    let (tell, told) = mpsc::channel();
    let sum = thread::scope(|scope| {
        for _ in 0..threads {
            let (tell, next, stop, template) = (tell.clone(), &next, &stop, &template);
            scope.spawn(move || work(next, end, stop, template, &tell));
        }
        drop(tell);
        let sum = gather(arguments, &told, began);
        stop.store(true, Ordering::Relaxed);
        sum
    })?;
    println!(
        "{} seeds from {} on, all sound: {} steps, {} processes died, {} seeds run twice and the same, {} s, {}",
        sum.seeds,
        arguments.first_seed,
        sum.steps,
        sum.crashes,
        sum.twice,
        began.elapsed().as_secs(),
        sum.rate(began)
    );
    let told = sum
        .tally
        .iter()
        .map(|(what, count)| format!("{what} {count}"));
    println!("people were told: {}", told.collect::<Vec<_>>().join(", "));
    Ok(())
}

fn work(next: &AtomicU64, end: u64, stop: &AtomicBool, template: &Template, tell: &Sender<Told>) {
    while !stop.load(Ordering::Relaxed) {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            return;
        }
        let told = match simulate_guarded(seed, template) {
            Ok(outcome) => {
                if seed.is_multiple_of(100) {
                    drop(tell.send(again(seed, &outcome, template)));
                }
                Told::Run(Box::new(outcome))
            }
            Err(error) => Told::Failed(error),
        };
        // Whoever listens has heard enough.
        if tell.send(told).is_err() {
            return;
        }
    }
}

fn again(seed: u64, first: &Outcome, template: &Template) -> Told {
    match simulate_guarded(seed, template) {
        Ok(second) if second.trace == first.trace => Told::Same,
        Ok(second) => Told::Failed(format!(
            "seed {seed} is not the same twice: {}",
            difference(&first.trace, &second.trace)
        )),
        Err(error) => Told::Failed(error),
    }
}

/// FNV-1a.
fn digest(text: &str) -> u64 {
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, mix)
}

fn difference(first: &str, second: &str) -> String {
    let mut lines = first.lines().zip(second.lines());
    match lines.find(|(one, other)| one != other) {
        Some((one, other)) => format!("'{one}', and '{other}'"),
        None => "one of them is longer".to_owned(),
    }
}

fn gather(arguments: &Arguments, told: &Receiver<Told>, began: Instant) -> Result<Sum, String> {
    let mut sum = Sum::default();
    while let Ok(told) = told.recv() {
        let outcome = match told {
            Told::Run(outcome) => outcome,
            Told::Same => {
                sum.twice += 1;
                continue;
            }
            Told::Failed(words) => return Err(words),
        };
        if arguments.trace {
            print!("{}", outcome.trace);
        }
        if arguments.digests {
            let digest = digest(&outcome.trace);
            println!("{} {} {digest:016x}", outcome.seed, outcome.steps);
        }
        if let Some((what, history)) = &outcome.violation {
            let seed = outcome.seed;
            return Err(format!(
                "{history}\n\nseed {seed}: {what}\n\nIt is shown again by: cargo xtask simulate --seeds 1 --first-seed {seed}"
            ));
        }
        sum.seeds += 1;
        sum.steps += outcome.steps;
        sum.crashes += u64::from(outcome.crashes);
        for (what, count) in outcome.tally {
            *sum.tally.entry(what).or_default() += u64::from(count);
        }
        if sum.seeds.is_multiple_of(100) {
            println!(
                "{} of {} seeds, {}",
                sum.seeds,
                arguments.seeds,
                sum.rate(began)
            );
        }
    }
    Ok(sum)
}
