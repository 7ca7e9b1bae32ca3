//! Thousands of lives of a marketplace, drawn by chance: buyers who pay, cancel, confirm and come back; a Stripe that fails,
//! repeats itself and keeps silent; clocks that jump; restarts; refunds and chargebacks. However they go, in the end every cent
//! is where it belongs.
//!
//! `STRIPE_SCHEDULES` says how many there are, and `STRIPE_FIRST_SEED` with which one they begin.

mod ending;
mod living;
mod steps;

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use living::Life;
use steps::{Kind, Step};

/// What happened in one schedule, a line for each step.
type History = Arc<Mutex<Vec<String>>>;

/// How often what came of it: `captured`, `refund failed`.
type Tally = BTreeMap<String, i64>;

const IN_THE_USUAL_RUN: u64 = 150;

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
    for seed in first..first + count {
        let history = History::default();
        let lived = tokio::spawn(live(seed, history.clone()));
        match lived.await {
            Ok(ends) => {
                for (end, times) in ends {
                    *tally.entry(end).or_default() += times;
                }
            }
            Err(_) => panic!(
                "STRIPE_FIRST_SEED={seed} STRIPE_SCHEDULES=1 shows it again:\n{}",
                history.lock().join("\n")
            ),
        }
    }
    println!("{count} schedules from seed {first} on, all sound: {tally:?}");
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
