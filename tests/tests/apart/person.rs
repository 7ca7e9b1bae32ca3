//! One person's requests: told again until they are answered, or, by who is strict, never told twice.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::client::{Answer, Client};
use tessera_tests::pause;

use crate::stage::People;
use crate::tally::Tally;

/// How often a request is sent again, some ten milliseconds apart.
const TRIES: usize = 3_000;

/// How often a strict person looks whether an order has its lock, some ten milliseconds apart.
const LOOKS: usize = 2_000;

/// Somebody with a session, whose requests are counted.
#[derive(Clone)]
pub struct Person {
    pub client: Client,
    pub tally: Arc<Tally>,
    /// How many times a request is sent, and what counts as its answer.
    pub manner: People,
}

/// What its buyer does with an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Wish {
    /// Leaves it unpaid.
    Leave,
    /// Pays it, with a card that is good.
    Pay,
    /// Thinks better of it.
    Cancel,
}

/// A purchase that was begun.
pub struct Begun {
    pub order: String,
    pub wish: Wish,
    /// The payment, where one was begun.
    pub payment: Option<String>,
}

/// Where an order may come to rest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum End {
    /// Its ticket is locked for it, and nobody pays.
    Locked,
    /// It is paid.
    Complete,
    /// Its buyer thought better of it.
    Cancelled,
    /// Its time was over.
    Expired,
}

impl End {
    /// What an order says of itself, if it is at rest.
    pub fn of(order: &Value) -> Option<End> {
        match (order["status"].as_str()?, order["cancelReason"].as_str()) {
            ("awaiting:payment", _) => Some(End::Locked),
            ("complete", _) => Some(End::Complete),
            ("cancelled", Some("cancelled_by_buyer")) => Some(End::Cancelled),
            ("cancelled", Some("expired")) => Some(End::Expired),
            _ => None,
        }
    }
}

impl Begun {
    /// Whether it may come to rest there: where its buyer wanted it, or, if locks are short, where time took it.
    pub fn may_end(&self, end: End, manner: People) -> bool {
        let wanted = match self.wish {
            Wish::Leave => End::Locked,
            Wish::Pay => End::Complete,
            Wish::Cancel => End::Cancelled,
        };
        if manner == People::Hurried {
            // A lock that is left alone has to end.
            end == End::Expired || (end == wanted && end != End::Locked)
        } else {
            end == wanted
        }
    }
}

impl Person {
    /// Whether these are their manners.
    pub fn is(&self, manner: People) -> bool {
        self.manner == manner
    }

    /// Lists a ticket.
    pub async fn list(&self) -> Option<String> {
        let wish = json!({ "title": "Hamlet", "price": "120.00" });
        let made = self.ask(Method::POST, "/api/tickets", Some(wish), &[201]);
        Some(made.await?.text("id"))
    }

    /// Reserves a ticket; answers the order. `None` where a hurried one was too late.
    pub async fn reserve(&self, ticket: &str) -> Option<String> {
        let wish = json!({ "ticketId": ticket });
        let done = self.done_or_too_late(&[201]);
        let made = self.ask(Method::POST, "/api/orders", Some(wish), &done);
        let made = made.await?;
        if made.status == 409 {
            self.tally.beaten.one();
            return None;
        }
        Some(made.text("id"))
    }

    /// Who is hurried takes "no more" for an answer.
    fn done_or_too_late(&self, done: &[u16]) -> Vec<u16> {
        let too_late: &[u16] = if self.is(People::Hurried) {
            &[409]
        } else {
            &[]
        };
        [done, too_late].concat()
    }

    /// Buys a ticket that `seller` lists for this; `None` where a strict one was refused.
    pub async fn buy(&self, seller: &Person, wish: Wish) -> Option<Begun> {
        let ticket = seller.list().await?;
        self.buy_this(&ticket, wish).await
    }

    /// Buys a ticket; `None` where somebody else has it.
    pub async fn buy_this(&self, ticket: &str, wish: Wish) -> Option<Begun> {
        let order = self.reserve(ticket).await?;
        self.tally.begun.one();
        let mut begun = Begun {
            order,
            wish,
            payment: None,
        };
        match wish {
            Wish::Leave => {}
            Wish::Pay => begun.payment = self.pay(&begun.order).await,
            Wish::Cancel => {
                let path = format!("/api/orders/{}", begun.order);
                self.ask(Method::DELETE, &path, None, &[204]).await;
                // What was answered is so from then on.
                let shown = self.ask(Method::GET, &path, None, &[200]).await?;
                if shown.body["status"] != "cancelled" {
                    self.tally.lost.one();
                }
            }
        }
        Some(begun)
    }

    async fn pay(&self, order: &str) -> Option<String> {
        if self.is(People::Strict) {
            self.wait_for_the_lock(order).await?;
        }
        let wish = json!({ "orderId": order, "token": "tok_visa" });
        let done = self.done_or_too_late(&[201, 202]);
        let paid = self.ask(Method::POST, "/api/payments", Some(wish), &done);
        let paid = paid.await?;
        (paid.status != 409).then(|| paid.text("id"))
    }

    /// As a page does, before it offers to pay.
    async fn wait_for_the_lock(&self, order: &str) -> Option<()> {
        let path = format!("/api/orders/{order}");
        for _look in 0..LOOKS {
            let shown = self.ask(Method::GET, &path, None, &[200]).await?;
            if shown.body["status"] == "awaiting:payment" {
                return Some(());
            }
            pause(10).await;
        }
        self.tally.fail(format!("{order} got no lock"));
        None
    }

    /// Sends a request until it is answered as wished, under its key as any client would; who is strict sends it
    /// once.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        wish: Option<Value>,
        done: &[u16],
    ) -> Option<Answer> {
        let mut key = new_key();
        let mut count = &self.tally.sent;
        for _try in 0..TRIES {
            count.one();
            count = &self.tally.resent;
            let sent = self
                .client
                .send(method.clone(), path, wish.clone(), Some(&key));
            let answer = sent.await;
            if let Some(answer) = &answer
                && done.contains(&answer.status)
                && !is_too_early(answer)
                && !is_of_the_moment(answer)
            {
                return Some(answer.clone());
            }
            if self.is(People::Strict) {
                self.tally.fail(format!("{method} {path}: {answer:?}"));
                return None;
            }
            match answer {
                // The news of the ticket or of the lock is still under way; that answer is kept under the key.
                Some(answer) if is_too_early(&answer) => {
                    self.tally.refused.one();
                    key = new_key();
                    count = &self.tally.sent;
                }
                Some(answer) if is_of_the_moment(&answer) => {}
                None => {}
                Some(answer) => panic!("{method} {path}: {answer:?}"),
            }
            pause(10).await;
        }
        self.tally.lost.one();
        panic!("{method} {path} was not answered");
    }
}

/// What is asked for has not been heard of here yet.
fn is_too_early(answer: &Answer) -> bool {
    answer.status == 404 || answer.body["code"] == "not_ready"
}

/// Nobody is there, or too busy, or the first sending is still at work.
fn is_of_the_moment(answer: &Answer) -> bool {
    matches!(answer.status, 502 | 503) || answer.body["code"] == "idempotency_in_progress"
}

#[expect(clippy::disallowed_methods, reason = "a client draws its keys")]
fn new_key() -> String {
    uuid::Uuid::from_u128(rand::random()).to_string()
}
