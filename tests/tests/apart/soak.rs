//! Everything at once, for as long as somebody wishes: what the other scenarios do one at a time, drawn from a seed.
//!
//! It runs for the seconds that `cargo xtask soak` says, and for a short while with all other tests.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use tessera_apart::services::SERVICES;
use tessera_tests::setting;

use crate::stage::{People, Stage, check, now, play};
use crate::{broker, databases, deliveries, paused, replicas, rolling};

/// How long it goes on. Set by `cargo xtask soak`.
const SECONDS: &str = "TESSERA_SOAK_SECONDS";
/// What is drawn from. Set by `cargo xtask soak`.
const SEED: &str = "TESSERA_SOAK_SEED";
/// Where the counts of the faults go, a line each. Set by `cargo xtask soak`.
const COUNTS: &str = "TESSERA_SOAK_COUNTS";

/// With all other tests: some faults, and a look at what they did.
const SHORT: u64 = 5;

/// A marketplace under load is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// From here on everything has to happen: each fault comes once in a few minutes.
const LONG: Duration = Duration::from_secs(20 * 60);

/// Events that come again at a time.
const AGAIN: usize = 100;

/// What may befall it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    BrokerKilled,
    BrokerAway,
    BrokerEmptied,
    BrokerRolledBack,
    DatabasesCrashed,
    ProcessKilled,
    ProcessPaused,
    ServiceRestarted,
    EventsAgain,
    AllEventsAgain,
}

/// How likely each is, against the others.
const FAULTS: [(Fault, u32); 10] = [
    (Fault::BrokerKilled, 3),
    (Fault::BrokerAway, 2),
    (Fault::BrokerEmptied, 1),
    (Fault::BrokerRolledBack, 1),
    (Fault::DatabasesCrashed, 4),
    (Fault::ProcessKilled, 8),
    (Fault::ProcessPaused, 2),
    (Fault::ServiceRestarted, 4),
    (Fault::EventsAgain, 3),
    (Fault::AllEventsAgain, 1),
];

impl Fault {
    fn name(self) -> &'static str {
        match self {
            Fault::BrokerKilled => "the broker was killed",
            Fault::BrokerAway => "the broker was away for some seconds",
            Fault::BrokerEmptied => "the broker lost its store",
            Fault::BrokerRolledBack => "the broker went back to an older copy",
            Fault::DatabasesCrashed => "the databases crashed",
            Fault::ProcessKilled => "a process was killed",
            Fault::ProcessPaused => "a process stood still",
            Fault::ServiceRestarted => "both processes of a service were restarted",
            Fault::EventsAgain => "a hundred events came again",
            Fault::AllEventsAgain => "all events came again",
        }
    }

    async fn befall(self, stage: &mut Stage, random: &mut StdRng) {
        match self {
            Fault::BrokerKilled => broker::kill(stage).await,
            Fault::BrokerAway => {
                let span = Duration::from_millis(random.random_range(2_000..15_000));
                broker::stay_away(stage, span).await;
            }
            Fault::BrokerEmptied => broker::lose_its_store(stage).await,
            Fault::BrokerRolledBack => broker::go_back(stage).await,
            Fault::DatabasesCrashed => databases::crash(stage).await,
            Fault::ProcessKilled => replicas::kill_one(stage, any(&SERVICES, random)).await,
            Fault::ProcessPaused => {
                let service = any(&["orders", "payments", "tickets"], random);
                let span = Duration::from_millis(random.random_range(6_000..25_000));
                paused::stand_still(stage, service, span).await;
            }
            Fault::ServiceRestarted => rolling::restart(stage, any(&SERVICES, random)).await,
            Fault::EventsAgain => {
                let stream = deliveries::forgetful(stage).await;
                deliveries::again(stage, &stream, AGAIN).await;
            }
            Fault::AllEventsAgain => {
                let replay = stage.apart.run(&["events", "replay"]).await;
                assert!(replay.status.success(), "{replay:?}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_happens_for_however_long_nothing_is_lost_or_broken() {
    let span = Duration::from_secs(setting(SECONDS).unwrap_or(SHORT));
    let seed = setting(SEED).unwrap_or_else(|| u64::from(std::process::id()));
    println!("seed {seed}, {} s", span.as_secs());
    let mut random = StdRng::seed_from_u64(seed);
    play("soak", &SERVICES, People::Hurried, async |stage| {
        let begun = now();
        let mut looked = now();
        let mut soak = Soak::default();
        while begun.elapsed() < span {
            stage.traffic.more(random.random_range(3..60)).await;
            let fault = drawn(&mut random);
            tell(stage, begun.elapsed(), fault.name());
            fault.befall(stage, &mut random).await;
            soak.count(fault);
            soak.hand_in();
            if looked.elapsed() > LOOK_EVERY {
                soak.look(stage).await;
                looked = now();
            }
        }
        soak.look(stage).await;
        soak.hand_in();
        if span >= LONG {
            soak.had_everything();
        }
    })
    .await;
}

/// What was done.
#[derive(Default)]
struct Soak {
    faults: BTreeMap<Fault, usize>,
    looks: usize,
}

impl Soak {
    fn count(&mut self, fault: Fault) {
        *self.faults.entry(fault).or_default() += 1;
    }

    /// A long run has to meet all that it is for.
    fn had_everything(&self) {
        let missing = FAULTS
            .iter()
            .filter(|(fault, _)| !self.faults.contains_key(fault));
        let missing: Vec<_> = missing.map(|(fault, _)| fault.name()).collect();
        assert!(missing.is_empty(), "it never happened that {missing:?}");
    }

    /// Looks through everything while people go on.
    async fn look(&mut self, stage: &Stage) {
        self.looks += 1;
        let sound = check(&stage.apart, &stage.tally).await;
        sound.expect("all is sound while people go on");
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the runner of the tests says where the counts go"
    )]
    fn hand_in(&self) {
        let mut lines = String::new();
        for (fault, count) in &self.faults {
            let _ = writeln!(lines, "{count} × {}", fault.name());
        }
        let _ = writeln!(
            lines,
            "{} × `tessera check` while people bought",
            self.looks
        );
        if let Some(path) = std::env::var_os(COUNTS) {
            std::fs::write(path, lines).expect("the counts are written");
        }
    }
}

/// The next fault.
fn drawn(random: &mut StdRng) -> Fault {
    let drawn = FAULTS.choose_weighted(random, |(_, weight)| *weight);
    drawn.expect("there are faults").0
}

fn any(services: &[&'static str], random: &mut StdRng) -> &'static str {
    services.choose(random).expect("there are services")
}

/// For who watches: where it is, and what comes next.
fn tell(stage: &Stage, since: Duration, what: &str) {
    println!("   {:>5} s  {what}  ({})", since.as_secs(), stage.tally);
}
