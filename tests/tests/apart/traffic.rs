//! People who list, reserve, pay and cancel, one purchase after another, until told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use tessera_tests::apart::Apart;
use tessera_tests::{pause, within};

use crate::person::{Begun, Person, Wish};
use crate::tally::Tally;

/// Buyers at the same time.
const BUYERS: usize = 8;

/// What a purchase is followed by.
const BETWEEN: u64 = 40;

/// A client hangs up on a process that says nothing, and asks again.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// How long an order may take to get where it belongs once all is well again, in seconds.
const SETTLES_WITHIN: u64 = 120;

const WISHES: [Wish; 3] = [Wish::Leave, Wish::Pay, Wish::Cancel];

/// Everybody.
pub struct Traffic {
    /// Who lists.
    pub seller: Person,
    stop: Arc<AtomicBool>,
    people: Vec<tokio::task::JoinHandle<Vec<Begun>>>,
    buyers: Vec<Person>,
    tally: Arc<Tally>,
}

impl Traffic {
    pub async fn start(apart: &Apart, tally: &Arc<Tally>, strict: bool) -> Traffic {
        let anyone = apart.anyone().answered_within(ANSWERED_WITHIN);
        let person = async |name: String| Person {
            client: anyone.sign_up(&format!("{name}@example.com")).await,
            tally: tally.clone(),
            strict,
        };
        let stop = Arc::new(AtomicBool::new(false));
        let seller = person("seller".to_owned()).await;
        let (mut people, mut buyers) = (Vec::new(), Vec::new());
        for number in 0..BUYERS {
            let buyer = person(format!("buyer{number}")).await;
            buyers.push(buyer.clone());
            let (seller, stop) = (seller.clone(), stop.clone());
            people.push(tokio::spawn(async move {
                let mut all = Vec::new();
                for wish in WISHES.iter().cycle().skip(number) {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    if buyer.strict {
                        look_around(&buyer).await;
                    }
                    all.extend(buyer.buy(&seller, *wish).await);
                    pause(BETWEEN).await;
                }
                all
            }));
        }
        Traffic {
            seller,
            stop,
            people,
            buyers,
            tally: tally.clone(),
        }
    }

    /// A buyer, for a purchase by hand.
    pub fn buyer(&self) -> &Person {
        &self.buyers[0]
    }

    /// Waits until so many more purchases were begun.
    pub async fn more(&self, count: usize) {
        let goal = self.tally.begun.get() + count;
        within(120, "more purchases", async || {
            (self.tally.begun.get() >= goal).then_some(())
        })
        .await;
    }

    /// Ends it, and waits until every order is where its buyer wanted it.
    pub async fn settle(self) {
        self.stop.store(true, Ordering::Relaxed);
        let mut all = Vec::new();
        for (person, buyer) in self.people.into_iter().zip(self.buyers) {
            let begun = person.await.expect("no request failed");
            all.push(settle_all(buyer, begun));
        }
        join_all(all).await;
    }
}

/// What the services behind the other pages are asked.
async fn look_around(buyer: &Person) {
    for path in ["/", "/api/users/currentuser", "/api/tickets", "/api/orders"] {
        buyer.ask(Method::GET, path, None, &[200]).await;
    }
}

async fn settle_all(buyer: Person, all: Vec<Begun>) {
    for begun in all {
        settle(&buyer, &begun).await;
    }
}

async fn settle(buyer: &Person, begun: &Begun) {
    let (status, count) = match begun.wish {
        Wish::Leave => ("awaiting:payment", &buyer.tally.locked),
        Wish::Pay if begun.payment.is_none() => return,
        Wish::Pay => ("complete", &buyer.tally.completed),
        Wish::Cancel => ("cancelled", &buyer.tally.cancelled),
    };
    let path = format!("/api/orders/{}", begun.order);
    let words = format!("{path} to be {status}");
    let there = within(SETTLES_WITHIN, &words, async || {
        let shown = buyer.client.try_get(&path).await?;
        (shown.status == 404 || shown.body["status"] == status).then_some(shown.status == 200)
    })
    .await;
    if !there {
        buyer.tally.lost.one();
        return;
    }
    if let Some(payment) = &begun.payment {
        let path = format!("/api/payments/{payment}");
        within(SETTLES_WITHIN, "the money to be captured", async || {
            let shown = buyer.client.try_get(&path).await?;
            (shown.body["status"] == "captured").then_some(())
        })
        .await;
    }
    count.one();
}
