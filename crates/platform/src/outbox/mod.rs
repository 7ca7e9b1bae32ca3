//! The record of what a service publishes.
//!
//! An event is appended in the transaction of the change that it tells of; nothing but the
//! [`Relay`] hands it to the bus. Rows stay for a while after they are published, so that a bus
//! that lost its stream can be filled again.

mod relay;

use tessera_contracts::events::{Event, EventData};

use crate::db::{DbError, Tx};
use crate::params;

pub use relay::Relay;

/// Wakes the relay.
pub const SIGNAL: &str = "outbox";

const IS_THERE: &str = "SELECT 1 FROM outbox WHERE id = $1";
const APPEND: &str = "INSERT INTO outbox (id, type, payload, created_at) VALUES ($1, $2, $3, $4)";

/// Appends an event to the outbox: it is published if, and only if, this transaction commits.
pub async fn append(tx: &mut Tx, data: EventData) -> Result<(), DbError> {
    let id = tx.new_id();
    let event = Event {
        id: id.into(),
        source: format!("/tessera/{}", tx.owner()),
        time: tx.now(),
        traceparent: Some(tx.trace_of(id).to_string()),
        data,
    };
    let kind = event.data.event_type().name();
    tx.wake(SIGNAL);
    tx.witness_by(IS_THERE, event.id.uuid());
    tx.insert(
        APPEND,
        &params![event.id, kind, event.to_json(), event.time],
    )
    .await
}
