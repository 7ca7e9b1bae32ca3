//! The events in the outboxes: each can be read, and every change has one.

use rusqlite::{CachedStatement, Row};
use tessera_contracts::events::{Event, EventData};
use uuid::Uuid;

use super::fault::Fault;
use super::follows::SERVICES;
use super::market::Reading;
use super::report::{Invariant, Report};

/// Which versions of what were told, and how often. The type of an id is that of the services' tables:
/// SQLite looks up no other one in the index.
pub(super) const TABLE: &str = "CREATE TEMP TABLE told (
    subject uuid NOT NULL, kind text NOT NULL, version integer NOT NULL, times integer NOT NULL,
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
            match event_of(row) {
                Ok(event) => note(&mut tell, &event)?,
                Err(words) => report.broken(Invariant::Delivered, format!("{service}: {words}")),
            }
        }
        report.looked_at(Invariant::Delivered, count);
    }
    Ok(())
}

/// The event of a row of an outbox, if the row and its payload say the same.
fn event_of(row: &Row<'_>) -> Result<Event, String> {
    let (id, kind, payload) = columns(row).ok_or("the outbox holds a row that is no event")?;
    let event = Event::from_json(payload).map_err(|error| format!("event {id}: {error}"))?;
    let (told_id, told_kind) = (event.id, event.data.event_type().name());
    if (told_id.uuid(), told_kind) != (id, kind) {
        return Err(format!(
            "event {id} ({kind}) has the payload of {told_id} ({told_kind})"
        ));
    }
    Ok(event)
}

fn columns<'r>(row: &'r Row<'_>) -> Option<(Uuid, &'r str, &'r str)> {
    let id = Uuid::from_slice(row.get_ref(0).ok()?.as_bytes().ok()?).ok()?;
    let kind = row.get_ref(1).ok()?.as_str().ok()?;
    let payload = row.get_ref(2).ok()?.as_str().ok()?;
    Some((id, kind, payload))
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
        | EventData::PaymentVoided(payment)
        | EventData::PaymentRefunded(payment) => ("payment", payment.version),
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
