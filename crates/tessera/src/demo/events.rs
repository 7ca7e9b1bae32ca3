//! The events of the walk, as the outboxes hold them. Reads only.

use jiff::Timestamp;
use tessera_contracts::events::{Event, EventData};
use tessera_contracts::http::orders::Order;
use tessera_contracts::{OrderId, TicketId};
use tessera_platform::clock::Clock;
use tessera_platform::db::{DbError, Place};
use tessera_platform::ids::Ids;
use tessera_platform::params;
use uuid::Uuid;

use super::show::Show;
use super::walk::Walked;
use super::words;
use crate::SERVICES;

const SINCE: &str = "SELECT payload FROM outbox WHERE id >= $1 ORDER BY id LIMIT 100000";

/// Shows what the services told each other about the two orders, and their tickets, since `began`.
pub async fn show(show: Show, place: &Place, began: Timestamp, walked: &Walked) {
    // What lies there may be no database of ours: the server may keep its own somewhere else.
    let mut events = read(place, began).await.unwrap_or_default();
    let orders = [&walked.bought, &walked.expired];
    events.retain(|event| orders.iter().any(|order| is_of(event, order)));
    if events.is_empty() {
        show.line("They are not in the databases of these settings. See them where the server keeps its data, with");
        show.line("`tessera events tail`.");
    }
    events.sort_by_key(|event| event.id);
    for event in &events {
        show.line(line(event));
    }
}

/// Everything that was published since `began` by the services whose databases are there.
async fn read(place: &Place, began: Timestamp) -> Result<Vec<Event>, DbError> {
    let clock = Clock::system();
    let ids = Ids::system(clock.clone());
    let mut events = Vec::new();
    for service in SERVICES {
        let tables = service.all_migrations();
        let db = match place.open_beside(service.name, &tables, &clock, &ids).await {
            Err(DbError::Missing(_)) => continue,
            db => db?,
        };
        let rows: Vec<(String,)> = db.list(SINCE, &params![first_id(began)]).await?;
        // One of a type that only a newer server knows is not for this walk.
        let told = rows.iter().map(|(payload,)| Event::from_json(payload));
        events.extend(told.flatten());
    }
    Ok(events)
}

/// The least id that could be drawn at `moment`: ids begin with the milliseconds since 1970.
fn first_id(moment: Timestamp) -> Uuid {
    let millis = u128::try_from(moment.as_millisecond()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

fn is_of(event: &Event, order: &Order) -> bool {
    let this_order = |id: OrderId| id == order.id;
    let this_ticket = |id: TicketId| id == order.ticket.id;
    match &event.data {
        EventData::TicketCreated(ticket) | EventData::TicketUpdated(ticket) => {
            this_ticket(ticket.id)
        }
        EventData::TicketRefused(refused) => this_order(refused.order_id),
        EventData::OrderCreated(state)
        | EventData::OrderUpdated(state)
        | EventData::OrderCancelled(state)
        | EventData::OrderCompleted(state) => this_order(state.id),
        EventData::ExpirationComplete(nudge) => this_order(nudge.order_id),
        EventData::PaymentCreated(payment)
        | EventData::PaymentCaptured(payment)
        | EventData::PaymentFailed(payment)
        | EventData::PaymentVoided(payment)
        | EventData::PaymentRefunded(payment) => this_order(payment.order_id),
        EventData::UserRegistered(_) | EventData::UserDeleted(_) | EventData::SessionEnded(_) => {
            false
        }
    }
}

/// One event in one line: when, from whom, what, and the state that it left.
fn line(event: &Event) -> String {
    let text = tessera_contracts::time::text(event.time);
    let time = text.split('T').next_back().unwrap_or(&text);
    let source = event.source.rsplit('/').next().unwrap_or(&event.source);
    let name = event.data.event_type().name();
    format!("{time}  {source:<10}  {name:<19}  {}", state(&event.data))
}

fn state(data: &EventData) -> String {
    let told = |kind: &str, id: Uuid, state: &str| format!("{kind} {} {state}", words::short(id));
    match data {
        EventData::TicketCreated(ticket) | EventData::TicketUpdated(ticket) => {
            told("ticket", ticket.id.uuid(), ticket.status.as_str())
        }
        EventData::OrderCreated(order)
        | EventData::OrderUpdated(order)
        | EventData::OrderCancelled(order)
        | EventData::OrderCompleted(order) => {
            let reason = order.cancel_reason.map(|reason| format!(", {reason}"));
            let state = format!("{}{}", order.status, reason.unwrap_or_default());
            told("order", order.id.uuid(), &state)
        }
        EventData::ExpirationComplete(nudge) => told("order", nudge.order_id.uuid(), "is over"),
        EventData::PaymentCreated(payment)
        | EventData::PaymentCaptured(payment)
        | EventData::PaymentFailed(payment)
        | EventData::PaymentVoided(payment)
        | EventData::PaymentRefunded(payment) => {
            told("payment", payment.id.uuid(), payment.status.as_str())
        }
        other => words::short(other.subject()),
    }
}
