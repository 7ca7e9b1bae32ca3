//! The whole marketplace in one thread: all services with their real code and real SQL, people who buy, and everything that
//! may go wrong, drawn from a seed. The same seed gives the same run, to the byte.
//!
//! What is real: routers, handlers, transactions, the writer's own batch function, the relay, the inbox, all workers, the
//! test gateway and its book, SQLite. What is simulated: the clock of each process, the network between people and services,
//! the stream between services, and who goes on next. A process may die between any two steps: a step ends wherever
//! something is waited for, and a commit is a step of its own.

mod bank;
mod doors;
mod ending;
mod errands;
mod memory;
mod net;
mod operator;
mod people;
mod persons;
mod plan;
mod process;
mod services;
mod stream;
mod tasks;
mod template;
mod time;
mod trace;
mod twins;
mod watch;
mod wish;
mod world;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

pub use template::Template;
use trace::Trace;
use world::World;

/// What came of a run.
pub struct Outcome {
    /// Its seed.
    pub seed: u64,
    /// How many steps it had.
    pub steps: u64,
    /// How many processes died by chance.
    pub crashes: u32,
    /// How often people were told what.
    pub tally: BTreeMap<String, u32>,
    /// Every step, a line each.
    pub trace: String,
    /// What should not be, with the end of the story.
    pub violation: Option<(String, String)>,
}

fn simulate(seed: u64, template: &Template) -> Result<Outcome, String> {
    let folder = template.unpack()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        // One, so that what it was given is done in its order: `tasks.rs` waits for that.
        .max_blocking_threads(1)
        .build()
        .map_err(|error| format!("no runtime: {error}"))?;
    let run = runtime.block_on(tokio::task::unconstrained(run(seed, folder.path())));
    Ok(run)
}

async fn run(seed: u64, folder: &Path) -> Outcome {
    let mut outcome = Outcome {
        seed,
        steps: 0,
        crashes: 0,
        tally: BTreeMap::new(),
        trace: String::new(),
        violation: None,
    };
    let mut world = match World::begin(seed, folder, Trace::new()).await {
        Ok(world) => world,
        Err(error) => {
            outcome.violation = Some((error, String::new()));
            return outcome;
        }
    };
    let mut lived = lived(&mut world).await;
    world.close();
    if lived.is_ok() {
        lived = ending::check(&world).await;
    }
    outcome.steps = world.trace.steps();
    outcome.crashes = world.crashes;
    outcome.tally = world.people.memory().lock().tally.clone();
    outcome.violation = lived.err().map(|what| (what, world.trace.history()));
    outcome.trace = world.trace.whole().to_owned();
    outcome
}

async fn lived(world: &mut World) -> Result<(), String> {
    world.live().await?;
    ending::end(world).await
}

/// Runs `seed` on files of its own, made from `template`. A panic anywhere is a violation, too.
///
/// # Errors
/// When it could not be run: no place for the files, or no runtime.
pub fn simulate_guarded(seed: u64, template: &Template) -> Result<Outcome, String> {
    let run = catch_unwind(AssertUnwindSafe(|| simulate(seed, template)));
    run.unwrap_or_else(|panic| {
        let words = panic.downcast_ref::<&str>().map(ToString::to_string);
        let words = words.or_else(|| panic.downcast_ref::<String>().cloned());
        Ok(Outcome {
            seed,
            steps: 0,
            crashes: 0,
            tally: BTreeMap::new(),
            trace: String::new(),
            violation: Some((
                format!("panicked: {}", words.unwrap_or_default()),
                String::new(),
            )),
        })
    })
}
