//! The events that expiration follows.
//!
//! `order:updated` is none of them: a lock that is confirmed ends when it would have ended.

mod order_created;
mod order_ended;

use tessera_contracts::events::{Event, EventData, EventType};
use tessera_platform::BoxFuture;
use tessera_platform::consumer::{ConsumeError, Consumer, Outcome};
use tessera_platform::db::Tx;

/// Expiration's side of the inbox.
pub struct Expiration;

impl Consumer for Expiration {
    fn event_types(&self) -> &'static [EventType] {
        &[
            EventType::OrderCreated,
            EventType::OrderCancelled,
            EventType::OrderCompleted,
        ]
    }

    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<Outcome, ConsumeError>> {
        Box::pin(async move {
            match &event.data {
                EventData::OrderCreated(order) => order_created::handle(tx, order).await,
                EventData::OrderCancelled(order) | EventData::OrderCompleted(order) => {
                    order_ended::handle(tx, order).await
                }
                _ => Ok(Outcome::Ignored("expiration does not follow it")),
            }
        })
    }
}
