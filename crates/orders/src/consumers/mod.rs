//! The events that orders follows, one file each.

mod expiration_complete;
mod payment_created;
mod payment_failed;
mod ticket_changed;
mod ticket_refused;
pub mod user_deleted;

use tessera_contracts::events::{Event, EventData, EventType};
use tessera_platform::BoxFuture;
use tessera_platform::consumer::{ConsumeError, Consumer, Outcome};
use tessera_platform::db::Tx;

/// Orders' side of the inbox.
pub struct Orders;

impl Consumer for Orders {
    fn event_types(&self) -> &'static [EventType] {
        &[
            EventType::TicketCreated,
            EventType::TicketUpdated,
            EventType::TicketRefused,
            EventType::ExpirationComplete,
            EventType::PaymentCreated,
            EventType::PaymentFailed,
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
                EventData::TicketCreated(ticket) | EventData::TicketUpdated(ticket) => {
                    ticket_changed::handle(tx, ticket).await
                }
                EventData::TicketRefused(refused) => ticket_refused::handle(tx, refused).await,
                EventData::ExpirationComplete(nudge) => {
                    expiration_complete::handle(tx, nudge).await
                }
                EventData::PaymentCreated(payment) => payment_created::handle(tx, payment).await,
                EventData::PaymentFailed(payment) => payment_failed::handle(tx, payment).await,
                EventData::UserDeleted(user) => user_deleted::handle(tx, user).await,
                _ => Ok(Outcome::Ignored("orders does not follow it")),
            }
        })
    }
}
