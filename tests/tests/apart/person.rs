//! One person's requests: told again until they are answered, or, by who is strict, never told twice.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::client::{Answer, Client};
use tessera_tests::pause;

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
    /// Takes whatever is not the answer for a failure, and sends nothing twice.
    pub strict: bool,
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
    /// The payment, where it was paid.
    pub payment: Option<String>,
}

impl Person {
    /// Lists a ticket.
    pub async fn list(&self) -> Option<String> {
        let wish = json!({ "title": "Hamlet", "price": "120.00" });
        let made = self.ask(Method::POST, "/api/tickets", Some(wish), &[201]);
        Some(made.await?.text("id"))
    }

    /// Reserves a ticket; answers the order.
    pub async fn reserve(&self, ticket: &str) -> Option<String> {
        let wish = json!({ "ticketId": ticket });
        let made = self.ask(Method::POST, "/api/orders", Some(wish), &[201]);
        Some(made.await?.text("id"))
    }

    /// Buys a ticket that `seller` lists for this; `None` where a strict one was refused.
    pub async fn buy(&self, seller: &Person, wish: Wish) -> Option<Begun> {
        let ticket = seller.list().await?;
        let order = self.reserve(&ticket).await?;
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
            }
        }
        Some(begun)
    }

    async fn pay(&self, order: &str) -> Option<String> {
        if self.strict {
            self.wait_for_the_lock(order).await?;
        }
        let wish = json!({ "orderId": order, "token": "tok_visa" });
        let paid = self.ask(Method::POST, "/api/payments", Some(wish), &[201, 202]);
        Some(paid.await?.text("id"))
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
            {
                return Some(answer.clone());
            }
            if self.strict {
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
