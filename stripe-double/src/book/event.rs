//! Events (<https://docs.stripe.com/api/events/object>): each has the object as it was then, and keeps it.

use serde_json::{Value, json};

use super::expand::whole;
use super::{Book, Kept};
use crate::VERSION;

/// The request that caused an event.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    /// `req_…`
    pub(crate) request: String,
    pub(crate) key: Option<String>,
}

pub(crate) struct Event {
    id: String,
    created: i64,
    pub(crate) kind: String,
    cause: Option<Cause>,
    object: Value,
    /// How many endpoints wanted it.
    wanted_by: usize,
}

impl Book {
    /// Keeps an event, and puts it into the outbox. Answers its id.
    pub(crate) fn announce(&mut self, kind: &str, object: Value) -> String {
        let id = self.ids.next("evt");
        let wanted_by = self
            .endpoints
            .iter()
            .filter(|endpoint| endpoint.wants(kind))
            .count();
        self.events.put(Event {
            id: id.clone(),
            created: self.now,
            kind: kind.to_owned(),
            cause: self.cause.clone(),
            object,
            wanted_by,
        });
        self.outbox.push(id.clone());
        id
    }

    pub(super) fn announce_intent(&mut self, kind: &str, id: &str) {
        if let Some(object) = self.intents.get(id).map(Kept::json) {
            self.announce(kind, object);
        }
    }

    pub(super) fn announce_charge(&mut self, kind: &str, id: &str) {
        if let Some(object) = self.charges.get(id).map(Kept::json) {
            self.announce(kind, object);
        }
    }

    pub(super) fn announce_refund(&mut self, kind: &str, id: &str) {
        if let Some(object) = self.refunds.get(id).map(Kept::json) {
            self.announce(kind, object);
        }
    }

    pub(super) fn announce_dispute(&mut self, kind: &str, id: &str) {
        if let Some(object) = self.disputes.get(id).map(Kept::json) {
            let object = whole(self, object);
            self.announce(kind, object);
        }
    }

    /// What happened since this was last asked.
    pub(crate) fn take_outbox(&mut self) -> Vec<String> {
        std::mem::take(&mut self.outbox)
    }
}

impl Kept for Event {
    const NAME: &'static str = "event";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn json(&self) -> Value {
        let request = self.cause.as_ref().map(|cause| &cause.request);
        let key = self.cause.as_ref().and_then(|cause| cause.key.as_ref());
        json!({
            "id": self.id,
            "object": "event",
            "api_version": VERSION,
            "created": self.created,
            "data": { "object": self.object },
            "livemode": false,
            "pending_webhooks": self.wanted_by,
            "request": { "id": request, "idempotency_key": key },
            "type": self.kind,
        })
    }
}
