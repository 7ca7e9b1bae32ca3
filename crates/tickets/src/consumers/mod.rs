//! The events that tickets follows, one file each.

pub mod order_cancelled;
mod order_completed;
mod order_created;
pub mod user_deleted;

use tessera_contracts::events::{Event, EventData, EventType};
use tessera_platform::BoxFuture;
use tessera_platform::consumer::{ConsumeError, Consumer, Outcome};
use tessera_platform::db::Tx;

/// Tickets' side of the inbox.
pub struct Tickets;

/// What an event of an order comes to, of which something newer is known.
const OLD: Outcome = Outcome::Ignored("something newer is known of the order");

impl Consumer for Tickets {
    fn event_types(&self) -> &'static [EventType] {
        &[
            EventType::OrderCreated,
            EventType::OrderCancelled,
            EventType::OrderCompleted,
            EventType::UserDeleted,
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
                EventData::OrderCancelled(order) => order_cancelled::handle(tx, order).await,
                EventData::OrderCompleted(order) => order_completed::handle(tx, order).await,
                EventData::UserDeleted(user) => user_deleted::handle(tx, user).await,
                _ => Ok(Outcome::Ignored("tickets does not follow it")),
            }
        })
    }
}
