//! Rounds from their start to their verdict: people come, buy, the marketplace is struck under them, and what each
//! ticket saw is held against the specification. A failing history is shown and kept here.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::json;
use tessera_tests::client::Client;
use tessera_tests::setting;

use crate::buyer::Buyer;
use crate::checker::{Stuck, explain};
use crate::figures::Figures;
use crate::history::Operation;
use crate::market::Market;
use crate::round::Round;

/// Few tickets, so that buyers meet.
const BUYERS: usize = 8;
const TICKETS: usize = 3;

/// How long a lock is that lasts as long as a round, and one that does not, in seconds.
const LASTING: u64 = 900;
const SHORT: u64 = 1;

/// So much is done from one strike to the next.
const BETWEEN_STRIKES: Range<usize> = 200..500;

/// Most that is done until somebody finds a ticket sold.
const MOST_UNTIL_SOLD: usize = 20_000;

/// Of the stretch that explains a failure, so much is shown; all of it is kept.
const SHOWN: usize = 30;

/// How rounds are played.
pub struct Plan {
    /// Names the rounds, for people and for what is kept.
    pub name: &'static str,
    pub rounds: usize,
    pub seed: u64,
    /// How often the marketplace is struck in a round; once more when buyers pay.
    pub strikes: usize,
}

impl Plan {
    /// With what a person asks for, who wants a longer run or the same choices again.
    pub fn new(name: &'static str, rounds: usize, strikes: usize) -> Plan {
        let rounds = setting("TESSERA_LINEARIZABLE_ROUNDS").unwrap_or(rounds);
        let seed = setting("TESSERA_LINEARIZABLE_SEED");
        let seed = seed.unwrap_or_else(|| u64::from(std::process::id()));
        println!("{name}: seed {seed}, {rounds} rounds");
        Plan {
            name,
            rounds,
            seed,
            strikes,
        }
    }

    /// Plays all rounds; every other one with locks that end while it lasts.
    pub async fn play(&self, open: impl AsyncFn(u64) -> Market) {
        let mut figures = Figures::default();
        for number in 0..self.rounds {
            let is_short = number % 2 == 0;
            let market = open(if is_short { SHORT } else { LASTING }).await;
            self.round(number, is_short, market, &mut figures).await;
        }
        println!("{}: {figures}", self.name);
        figures.assert_is_a_load(self.rounds);
    }

    async fn round(
        &self,
        number: usize,
        is_short: bool,
        mut market: Market,
        figures: &mut Figures,
    ) {
        let mut random = StdRng::seed_from_u64(self.seed + u64::try_from(number).expect("a count"));
        let people = People::come(&market).await;
        let tickets = people.list().await;
        let lock_seconds = if is_short { SHORT } else { LASTING };
        let round = Arc::new(Round::new(&market.url(), tickets, lock_seconds, is_short));
        let is_free = people
            .buy(&round, self, &mut market, &mut random, figures)
            .await;
        market.end().await;
        figures.unanswered += round.unanswered.load(Ordering::Relaxed);
        let begun = now();
        for (ticket, history) in round.histories().iter().enumerate() {
            match explain(history) {
                Ok(effort) => figures.add(history, effort),
                Err(stuck) => panic!("{}", self.told(number, ticket, history, &stuck)),
            }
        }
        figures.checked_in += begun.elapsed();
        // A lock that never ends is no wrong answer, but it is wrong.
        assert!(is_free, "a ticket is not free again");
    }

    /// The failure in words; the whole history goes to a file.
    fn told(&self, number: usize, ticket: usize, history: &[Operation], stuck: &Stuck) -> String {
        let Plan { name, seed, .. } = self;
        let file = format!("linearizable-{name}-{seed}-{number}-{ticket}.txt");
        let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join(file);
        let window = stuck.window(history);
        let shown = window.iter().rev().take(SHOWN).rev();
        let shown: Vec<String> = shown.map(|one| format!("  {one}")).collect();
        let why = if stuck.too_many {
            "there are too many ways in which it may have been"
        } else {
            "this answer cannot be"
        };
        let possible: Vec<&str> = stuck
            .possible
            .iter()
            .map(String::as_str)
            .take(SHOWN)
            .collect();
        let words = format!(
            "{name}, seed {seed}, round {number}, ticket {ticket}: {why}:\n  {}\nbefore it, the lock was\n  {}\nand \
             this is what was under way since it was certain, and its orders ({} of {} lines, in milliseconds):\n{}",
            history[stuck.at],
            possible.join("\n  or "),
            shown.len(),
            window.len(),
            shown.join("\n"),
        );
        keep(&kept, &words, history);
        format!("{words}\nThe whole history is kept in {}", kept.display())
    }
}

/// Everybody of a round.
struct People {
    seller: Client,
    buyers: Vec<Client>,
    last: Client,
}

impl People {
    async fn come(market: &Market) -> People {
        let anyone = market.anyone();
        let mut buyers = Vec::new();
        for number in 0..BUYERS {
            buyers.push(anyone.sign_up(&format!("buyer-{number}@example.com")).await);
        }
        People {
            seller: anyone.sign_up("seller@example.com").await,
            last: anyone.sign_up("last@example.com").await,
            buyers,
        }
    }

    async fn list(&self) -> Vec<String> {
        let mut tickets = Vec::new();
        for number in 0..TICKETS {
            let body = json!({ "title": format!("Seat {number}"), "price": "25.50" });
            let listed = self.seller.post("/api/tickets", body).await;
            assert_eq!(listed.status, 201, "{listed:?}");
            tickets.push(listed.text("id"));
        }
        tickets
    }

    /// Lets everybody buy while the marketplace is struck, and answers whether each ticket was free or sold
    /// in the end.
    async fn buy(
        self,
        round: &Arc<Round>,
        plan: &Plan,
        market: &mut Market,
        random: &mut StdRng,
        figures: &mut Figures,
    ) -> bool {
        let mut last = Buyer::new(BUYERS, self.last, round, random.random());
        // Orders has heard of a ticket once somebody has got it.
        assert!(last.get_all().await, "orders does not hear of the tickets");
        let buyers = self.buyers.into_iter().enumerate();
        let buyers: Vec<_> = buyers
            .map(|(number, client)| {
                let buyer = Buyer::new(number, client, round, random.random());
                tokio::spawn(buyer.live())
            })
            .collect();
        for strike in 0..=plan.strikes {
            round.more(random.random_range(BETWEEN_STRIKES)).await;
            if strike == plan.strikes {
                if round.leaves {
                    round.until_expired().await;
                }
                round.sells.store(true, Ordering::Relaxed);
                round.more(random.random_range(0..100)).await;
            }
            let struck = market.strike(random).await;
            *round.url.write() = market.url();
            figures.kills += 1;
            let now = round.now() / 1_000;
            println!("{now:>6} ms: {struck} was killed, and is back");
        }
        round.until_sold(MOST_UNTIL_SOLD).await;
        round.more(random.random_range(BETWEEN_STRIKES)).await;
        round.is_over.store(true, Ordering::Relaxed);
        for buyer in buyers {
            buyer.await.expect("a buyer that ends");
        }
        last.get_all().await
    }
}

fn keep(path: &PathBuf, words: &str, history: &[Operation]) {
    let lines: Vec<String> = history.iter().map(ToString::to_string).collect();
    let text = format!("{words}\n\nAll of it:\n{}\n", lines.join("\n"));
    std::fs::write(path, text).expect("the history is kept");
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long the machine itself took"
)]
fn now() -> Instant {
    Instant::now()
}
