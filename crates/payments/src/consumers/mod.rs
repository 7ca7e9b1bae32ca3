//! The events that payments follows.

mod order_changed;

use tessera_contracts::events::{Event, EventData, EventType};
use tessera_platform::BoxFuture;
use tessera_platform::consumer::{ConsumeError, Consumer, Outcome};
use tessera_platform::db::Tx;

/// Payments' side of the inbox.
pub struct Payments;

impl Consumer for Payments {
    fn event_types(&self) -> &'static [EventType] {
        &[
            EventType::OrderCreated,
            EventType::OrderUpdated,
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
                EventData::OrderCreated(order)
                | EventData::OrderUpdated(order)
                | EventData::OrderCancelled(order)
                | EventData::OrderCompleted(order) => order_changed::handle(tx, order).await,
                _ => Ok(Outcome::Ignored("payments does not follow it")),
            }
        })
    }
}
