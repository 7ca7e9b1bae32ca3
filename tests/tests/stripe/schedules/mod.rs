//! Thousands of lives of a marketplace, drawn by chance: buyers who pay, cancel, confirm and come back; a Stripe that fails,
//! repeats itself and keeps silent; clocks that jump; restarts; refunds and chargebacks. However they go, in the end every cent
//! is where it belongs.
//!
//! `cargo xtask schedules` runs as many as one likes: `STRIPE_SCHEDULES` says how many, and `STRIPE_FIRST_SEED` with which one
//! they begin.

mod ending;
mod living;
mod steps;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::Arc;

use futures_util::{StreamExt, stream};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use living::Life;
use steps::{Kind, Step};

/// What happened in one schedule, a line for each step.
type History = Arc<Mutex<Vec<String>>>;

/// How often what came of it: `captured`, `refund failed`.
type Tally = BTreeMap<String, i64>;

const IN_THE_USUAL_RUN: u64 = 60;
/// Much of each is waiting: for disks, and for the little while that a retry takes.
const AT_ONCE: usize = 4;
/// After so many there is a word on how far it is.
const A_STRETCH: u64 = 100;

#[expect(
    clippy::disallowed_methods,
    reason = "the runner of the tests says how many there are"
)]
fn asked_for(name: &str, usual: u64) -> u64 {
    let said = std::env::var(name).ok();
    said.map_or(usual, |text| text.parse().expect("a number"))
}

#[tokio::test]
async fn however_they_go_every_cent_is_where_it_belongs_in_the_end() {
    let first = asked_for("STRIPE_FIRST_SEED", 1);
    let count = asked_for("STRIPE_SCHEDULES", IN_THE_USUAL_RUN);
    let mut tally = Tally::new();
    let schedules = stream::iter(first..first + count).map(watched);
    let mut schedules = pin!(schedules.buffer_unordered(AT_ONCE));
    let mut done = 0;
    while let Some(ends) = schedules.next().await {
        for (end, times) in ends {
            *tally.entry(end).or_default() += times;
        }
        done += 1;
        if done % A_STRETCH == 0 {
            println!("{done} of {count} schedules are sound");
        }
    }
    println!("{count} schedules from seed {first} on, all sound: {tally:?}");
}

/// One schedule. If it ends badly, that comes with what happened in it.
async fn watched(seed: u64) -> Tally {
    let history = History::default();
    let lived = tokio::spawn(live(seed, history.clone())).await;
    lived.unwrap_or_else(|_| {
        panic!(
            "`cargo xtask schedules --first-seed {seed} --count 1` shows it again:\n{}",
            history.lock().join("\n")
        )
    })
}

/// One schedule. Answers what came of it.
async fn live(seed: u64, history: History) -> Tally {
    let mut chance = StdRng::seed_from_u64(seed);
    let kind = Kind::draw(&mut chance);
    let steps = chance.random_range(8..=40);
    let mut life = Life::begin(kind, history).await;
    for _ in 0..steps {
        let step = Step::draw(&mut chance, kind);
        life = life.take(step).await;
    }
    life.end(&mut chance).await
}
