//! What of an event concerns pages, and which pages.

use serde_json::json;
use tessera_contracts::events::{
    Event, EventData, EventType, OrderState, PaymentState, TicketState,
};
use tessera_contracts::{OrderId, SessionId, TicketId, UserId};
use tessera_platform::bus::Message;

/// What a page can ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// A listing: for anybody, who may see all of them.
    Ticket(TicketId),
    /// An order and its payments: for its buyer.
    Order(OrderId),
    /// Somebody's listings and orders: for them.
    Person(UserId),
    /// The end of a session: for the pages that it opened.
    Session(SessionId),
}

/// What a page is told. It holds no more than is needed to know what to read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// The kind of event, as the script knows it.
    pub(crate) name: &'static str,
    /// JSON.
    pub(crate) data: String,
    /// Whether nothing more is to follow for those who hear it.
    pub(crate) is_last: bool,
}

impl Change {
    /// `version` tells an older change from a newer one, which may come again, or first.
    fn new(name: &'static str, id: impl ToString, version: i64, status: &str) -> Change {
        let id = id.to_string();
        let data = json!({ "id": id, "version": version, "status": status }).to_string();
        Change {
            name,
            data,
            is_last: false,
        }
    }
}

/// The change that a message is, and whom it concerns; nothing for what no page shows.
pub(super) fn read(message: &Message) -> Option<(Change, Vec<Topic>)> {
    if !concerns_pages(message.event_type) {
        return None;
    }
    match Event::from_json(&message.payload).ok()?.data {
        EventData::TicketUpdated(ticket) => Some(of_ticket(&ticket)),
        EventData::OrderCreated(order)
        | EventData::OrderUpdated(order)
        | EventData::OrderCancelled(order)
        | EventData::OrderCompleted(order) => Some(of_order(&order)),
        EventData::PaymentCreated(payment)
        | EventData::PaymentCaptured(payment)
        | EventData::PaymentFailed(payment)
        | EventData::PaymentVoided(payment)
        | EventData::PaymentRefunded(payment) => Some(of_payment(&payment)),
        EventData::SessionEnded(session) => {
            let change = Change {
                is_last: true,
                ..Change::new("session", "", 0, "ended")
            };
            Some((change, vec![Topic::Session(session.sid)]))
        }
        _ => None,
    }
}

/// The others are not even read.
fn concerns_pages(event_type: EventType) -> bool {
    !matches!(
        event_type,
        EventType::TicketCreated
            | EventType::TicketRefused
            | EventType::UserRegistered
            | EventType::UserDeleted
            | EventType::ExpirationComplete
    )
}

fn of_ticket(ticket: &TicketState) -> (Change, Vec<Topic>) {
    let change = Change::new("ticket", ticket.id, ticket.version, ticket.status.as_str());
    (
        change,
        vec![Topic::Ticket(ticket.id), Topic::Person(ticket.user_id)],
    )
}

fn of_order(order: &OrderState) -> (Change, Vec<Topic>) {
    let change = Change::new("order", order.id, order.version, order.status.as_str());
    (
        change,
        vec![Topic::Order(order.id), Topic::Person(order.user_id)],
    )
}

fn of_payment(payment: &PaymentState) -> (Change, Vec<Topic>) {
    let change = Change::new(
        "payment",
        payment.order_id,
        payment.version,
        payment.status.as_str(),
    );
    (change, vec![Topic::Order(payment.order_id)])
}
