//! The webhooks in the hands of a test.

use std::sync::Arc;

use serde_json::Value;

use super::courier::{Mode, Order, Sent};
use crate::house::House;
use crate::refused::Refusal;

/// The webhooks of a double. Cheap to clone.
#[derive(Clone)]
pub struct Webhooks {
    house: Arc<House>,
}

/// A webhook endpoint as it was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookEndpoint {
    /// `we_…`
    pub id: String,
    /// `whsec_…`: what its webhooks are signed with.
    pub secret: String,
}

impl Webhooks {
    pub(crate) fn new(house: Arc<House>) -> Webhooks {
        Webhooks { house }
    }

    /// Adds an endpoint for these types of events; `*` is each.
    pub fn add(&self, url: &str, events: &[&str]) -> Result<WebhookEndpoint, Refusal> {
        let events = events.iter().map(|event| (*event).to_owned()).collect();
        let made = self
            .house
            .with(|state| state.book.create_endpoint(url.to_owned(), events));
        let (id, secret) = made?;
        Ok(WebhookEndpoint { id, secret })
    }

    /// Removes an endpoint; what is on its way to it is not delivered.
    pub fn remove(&self, endpoint: &str) {
        self.house
            .with(|state| state.book.endpoints.remove(endpoint));
    }

    /// What becomes of the events that happen from now on.
    pub fn mode(&self, mode: Mode) {
        self.house.with(|state| state.courier.mode = mode);
    }

    /// What is held: the id and the type of each event, in their order.
    pub fn held(&self) -> Vec<(String, String)> {
        self.house.with(|state| state.courier.held())
    }

    /// Delivers what is held; answers how much that is. The mode stays as it is.
    pub fn release(&self, order: &Order) -> usize {
        self.house.with(|state| state.courier.release(order))
    }

    /// Adds a secret to an endpoint, which signs beside the earlier ones.
    pub fn rotate(&self, endpoint: &str) -> Result<String, Refusal> {
        let rotated = self.house.with(|state| state.book.rotate_secret(endpoint));
        Ok(rotated?)
    }

    /// Ends a rotation: the newest secret signs alone.
    pub fn retire(&self, endpoint: &str) -> Result<(), Refusal> {
        let retired = self.house.with(|state| state.book.retire_secrets(endpoint));
        Ok(retired?)
    }

    /// By how many seconds the time in the signatures is ahead of the double's clock.
    pub fn skew(&self, seconds: i64) {
        self.house.with(|state| state.courier.skew = seconds);
    }

    /// Each try of a delivery so far.
    pub fn sent(&self) -> Vec<Sent> {
        self.house.with(|state| state.courier.sent.clone())
    }

    /// Waits until nothing is on its way, nor waits for a further try. What is held does not count.
    pub async fn settled(&self) {
        let mut under_way = self.house.under_way.subscribe();
        drop(under_way.wait_for(|count| *count == 0).await);
    }

    /// Delivers an event once more, as it was. Answers to how many endpoints.
    pub fn redeliver(&self, event: &str) -> usize {
        self.house.with(|state| {
            let (book, courier) = (&state.book, &mut state.courier);
            courier.redeliver(book, event, None)
        })
    }

    /// Makes an event of any type, about anything. Answers its id.
    pub fn emit(&self, kind: &str, object: Value) -> String {
        self.house.with(|state| state.book.announce(kind, object))
    }
}
