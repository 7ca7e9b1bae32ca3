//! The events in the outboxes: each can be read, and every change has one.

use rusqlite::CachedStatement;
use tessera_contracts::events::{Event, EventData};
use uuid::Uuid;

use super::fault::Fault;
use super::follows::SERVICES;
use super::market::Reading;
use super::report::{Invariant, Report};

/// Which versions of what were told, and how often.
pub(super) const TABLE: &str = "CREATE TEMP TABLE told (
    subject blob NOT NULL, kind text NOT NULL, version integer NOT NULL, times integer NOT NULL,
    PRIMARY KEY (subject, kind, version)) WITHOUT ROWID";

const TELL: &str = "INSERT INTO temp.told VALUES (?1, ?2, ?3, 1)
    ON CONFLICT (subject, kind, version) DO UPDATE SET times = times + 1";

/// Reads every event of every outbox, and notes what it tells in the table.
pub(super) fn examine(reading: &Reading<'_>, report: &mut Report) -> Result<(), Fault> {
    let mut tell = reading.connection().prepare_cached(TELL)?;
    for (service, _) in SERVICES {
        let events = format!("SELECT id, type, payload FROM {service}.outbox");
        let mut statement = reading.connection().prepare(&events)?;
        let mut rows = statement.query([])?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += 1;
            let id = row
                .get_ref(0)?
                .as_blob_or_null()
                .ok()
                .flatten()
                .and_then(|id| Uuid::from_slice(id).ok());
            let kind = row.get_ref(1)?.as_str().unwrap_or_default();
            let payload = row.get_ref(2)?.as_str().unwrap_or_default();
            match read(id, kind, payload) {
                Ok(event) => note(&mut tell, &event)?,
                Err(words) => {
                    let id = id.unwrap_or_default();
                    report.broken(
                        Invariant::Delivered,
                        format!("event {id} of {service}: {words}"),
                    );
                }
            }
        }
        report.looked_at(Invariant::Delivered, count);
    }
    Ok(())
}

/// The event of a row, if the row and its payload say the same.
fn read(id: Option<Uuid>, kind: &str, payload: &str) -> Result<Event, String> {
    let event = Event::from_json(payload).map_err(|error| error.to_string())?;
    if Some(event.id.uuid()) != id {
        return Err(format!("its payload is that of event {}", event.id));
    }
    let told = event.data.event_type().name();
    if told != kind {
        return Err(format!("it is kept as {kind}, and its payload is a {told}"));
    }
    Ok(event)
}

fn note(tell: &mut CachedStatement<'_>, event: &Event) -> Result<(), Fault> {
    let (kind, version) = match &event.data {
        EventData::TicketCreated(ticket) | EventData::TicketUpdated(ticket) => {
            ("ticket", ticket.version)
        }
        EventData::OrderCreated(order)
        | EventData::OrderUpdated(order)
        | EventData::OrderCancelled(order)
        | EventData::OrderCompleted(order) => ("order", order.version),
        EventData::PaymentCreated(payment)
        | EventData::PaymentCaptured(payment)
        | EventData::PaymentFailed(payment)
        | EventData::PaymentVoided(payment) => ("payment", payment.version),
        EventData::UserRegistered(_) => ("user", 0),
        EventData::UserDeleted(_) => ("end of user", 0),
        EventData::SessionEnded(_) => ("end of session", 0),
        EventData::ExpirationComplete(_) => ("deadline", 0),
        // An answer, and no change of the ticket.
        EventData::TicketRefused(_) => return Ok(()),
    };
    tell.execute((event.data.subject().as_bytes(), kind, version))?;
    Ok(())
}
