//! People who list, reserve, pay and cancel, one purchase after another, until told to stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use tessera_tests::apart::Apart;
use tessera_tests::{pause, within};

use crate::person::{Begun, End, Person, Wish};
use crate::stage::People;
use crate::tally::Tally;

/// Buyers at the same time.
const BUYERS: usize = 8;

/// What a purchase is followed by.
const BETWEEN: u64 = 40;

/// A client hangs up on a process that says nothing, and asks again.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// How long an order may take to get where it belongs once all is well again, in seconds.
const SETTLES_WITHIN: u64 = 120;

/// So many hurried people want one ticket.
const MEET: usize = 3;

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
    pub async fn start(apart: &Apart, tally: &Arc<Tally>, manner: People) -> Traffic {
        let anyone = apart.anyone().answered_within(ANSWERED_WITHIN);
        let person = async |name: String| Person {
            client: anyone.sign_up(&format!("{name}@example.com")).await,
            tally: tally.clone(),
            manner,
        };
        let stop = Arc::new(AtomicBool::new(false));
        let seller = person("seller".to_owned()).await;
        let (mut people, mut buyers) = (Vec::new(), Vec::new());
        let counter = Arc::new(Counter::default());
        for number in 0..BUYERS {
            let buyer = person(format!("buyer{number}")).await;
            buyers.push(buyer.clone());
            let (seller, stop) = (seller.clone(), stop.clone());
            let counter = counter.clone();
            people.push(tokio::spawn(async move {
                let mut all = Vec::new();
                for (turn, wish) in WISHES.iter().cycle().skip(number).enumerate() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    if buyer.is(People::Strict) {
                        look_around(&buyer).await;
                    }
                    let begun = if buyer.is(People::Hurried) && turn.is_multiple_of(2) {
                        buyer.buy_this(&counter.ticket(&seller).await, *wish).await
                    } else {
                        buyer.buy(&seller, *wish).await
                    };
                    all.extend(begun);
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

/// Where hurried people meet: all of some want the same ticket, and then the next.
#[derive(Default)]
struct Counter(tokio::sync::Mutex<(usize, String)>);

impl Counter {
    /// The ticket that is wanted now.
    async fn ticket(&self, seller: &Person) -> String {
        let mut wanted = self.0.lock().await;
        if wanted.0.is_multiple_of(MEET) {
            wanted.1 = seller.list().await.expect("a ticket");
        }
        wanted.0 += 1;
        wanted.1.clone()
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

/// Waits until an order is where its buyer wanted it; or, of who is hurried, where it may have gone before that.
async fn settle(buyer: &Person, begun: &Begun) {
    if begun.wish == Wish::Pay && begun.payment.is_none() && !buyer.is(People::Hurried) {
        return;
    }
    let path = format!("/api/orders/{}", begun.order);
    let words = format!("{path} to end, {:?}", begun.wish);
    let end = within(SETTLES_WITHIN, &words, async || {
        let shown = buyer.client.try_get(&path).await?;
        if shown.status == 404 {
            return Some(None);
        }
        let end = End::of(&shown.body)?;
        begun.may_end(end, buyer.manner).then_some(Some(end))
    })
    .await;
    let Some(end) = end else {
        buyer.tally.lost.one();
        return;
    };
    if let Some(payment) = &begun.payment {
        money_settles(buyer, payment, end).await;
    }
    match end {
        End::Locked => buyer.tally.locked.one(),
        End::Complete => buyer.tally.completed.one(),
        End::Cancelled => buyer.tally.cancelled.one(),
        End::Expired => buyer.tally.expired.one(),
    }
}

/// Who has the ticket is charged, and nobody else.
async fn money_settles(buyer: &Person, payment: &str, end: End) {
    let path = format!("/api/payments/{payment}");
    let wanted = if end == End::Complete {
        "captured"
    } else {
        "voided"
    };
    within(
        SETTLES_WITHIN,
        &format!("{path} to be {wanted}"),
        async || {
            let shown = buyer.client.try_get(&path).await?;
            (shown.body["status"] == wanted).then_some(())
        },
    )
    .await;
}
