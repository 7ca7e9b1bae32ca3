//! What the samples say, as values.

use tessera_contracts::events::{
    Event, EventData, EventType, ExpirationComplete, OrderState, OrderTicket, PaymentState,
    SessionEnded, TicketRefused, TicketState, UserState,
};
use tessera_contracts::{
    CancelReason, Currency, OrderStatus, PaymentStatus, RefusalReason, TicketStatus,
};
use uuid::Uuid;

const TICKET: u128 = 1;
const ORDER: u128 = 2;
const PAYMENT: u128 = 3;
const SELLER: u128 = 4;
const BUYER: u128 = 5;
const SESSION: u128 = 6;
const FIRST_EVENT: u128 = 0x100;

/// The event that the sample of this type holds. A new type gets its line here.
pub(crate) fn expected(event_type: EventType) -> Event {
    let data = match event_type {
        EventType::TicketCreated => EventData::TicketCreated(ticket(1, TicketStatus::Available)),
        EventType::TicketUpdated => EventData::TicketUpdated(ticket(2, TicketStatus::Reserved)),
        EventType::TicketRefused => EventData::TicketRefused(refused()),
        EventType::OrderCreated => EventData::OrderCreated(order(1, OrderStatus::Created)),
        EventType::OrderUpdated => EventData::OrderUpdated(order(2, OrderStatus::AwaitingPayment)),
        EventType::OrderCancelled => EventData::OrderCancelled(order(3, OrderStatus::Cancelled)),
        EventType::OrderCompleted => EventData::OrderCompleted(order(3, OrderStatus::Complete)),
        EventType::UserRegistered => EventData::UserRegistered(user()),
        EventType::UserDeleted => EventData::UserDeleted(user()),
        EventType::SessionEnded => EventData::SessionEnded(session()),
        EventType::ExpirationComplete => EventData::ExpirationComplete(expiration()),
        EventType::PaymentCreated => {
            EventData::PaymentCreated(payment(2, PaymentStatus::Authorized))
        }
        EventType::PaymentCaptured => {
            EventData::PaymentCaptured(payment(3, PaymentStatus::Captured))
        }
        EventType::PaymentFailed => EventData::PaymentFailed(payment(2, PaymentStatus::Declined)),
        EventType::PaymentVoided => EventData::PaymentVoided(payment(3, PaymentStatus::Voided)),
        EventType::PaymentRefunded => EventData::PaymentRefunded(PaymentState {
            refunded: Some("120.00".into()),
            ..payment(5, PaymentStatus::Refunded)
        }),
    };
    envelope(data)
}

fn envelope(data: EventData) -> Event {
    let name = data.event_type().name();
    let service = match name.split(':').next().unwrap() {
        "ticket" => "tickets",
        "order" => "orders",
        "payment" => "payments",
        "expiration" => "expiration",
        _ => "auth",
    };
    let trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let position = EventType::ALL
        .iter()
        .position(|known| known.name() == name)
        .unwrap();
    Event {
        id: id(FIRST_EVENT + position as u128),
        source: format!("/tessera/{service}"),
        time: time("2031-01-02T09:30:15.25Z"),
        traceparent: (service == "orders").then(|| trace.to_owned()),
        data,
    }
}

fn id<T: From<Uuid>>(number: u128) -> T {
    T::from(Uuid::from_u128(
        0x0198_c0de_7a11_7000_8000_0000_0000_0000 | number,
    ))
}

fn time(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn ticket(version: i64, status: TicketStatus) -> TicketState {
    TicketState {
        id: id(TICKET),
        version,
        edit_version: Some(1),
        user_id: id(SELLER),
        title: "Beethoven: Symphony No. 9".to_owned(),
        price: "120.00".into(),
        currency: Currency::USD,
        status,
        order_id: (status == TicketStatus::Reserved).then(|| id(ORDER)),
        category: text("concert"),
        venue: text("Carnegie Hall"),
        city: text("New York"),
        country: text("US"),
        starts_at: Some(time("2031-05-01T23:30:00Z")),
        time_zone: text("America/New_York"),
        section: text("Parquet"),
        row: text("M"),
        seat: text("14"),
        created_at: time("2031-01-02T08:00:00Z"),
        updated_at: time("2031-01-02T09:30:15.25Z"),
    }
}

fn refused() -> TicketRefused {
    TicketRefused {
        id: id(TICKET),
        version: 3,
        order_id: id(ORDER),
        reason: RefusalReason::Changed,
    }
}

fn order(version: i64, status: OrderStatus) -> OrderState {
    OrderState {
        id: id(ORDER),
        version,
        status,
        cancel_reason: (status == OrderStatus::Cancelled).then_some(CancelReason::Expired),
        user_id: id(BUYER),
        expires_at: time("2031-01-02T09:45:15.125Z"),
        price: "120.00".into(),
        fee: "0.00".into(),
        total: "120.00".into(),
        seller_fee: Some("6.00".into()),
        currency: Currency::USD,
        ticket: order_ticket(),
    }
}

fn order_ticket() -> OrderTicket {
    OrderTicket {
        id: id(TICKET),
        version: 1,
        user_id: id(SELLER),
        title: "Beethoven: Symphony No. 9".to_owned(),
        price: "120.00".into(),
        currency: Currency::USD,
        venue: text("Carnegie Hall"),
        city: text("New York"),
        country: text("US"),
        starts_at: Some(time("2031-05-01T23:30:00Z")),
        time_zone: text("America/New_York"),
        section: text("Parquet"),
        row: text("M"),
        seat: text("14"),
    }
}

fn user() -> UserState {
    UserState { id: id(BUYER) }
}

fn session() -> SessionEnded {
    SessionEnded {
        sid: id(SESSION),
        until: time("2031-01-03T08:00:00Z"),
    }
}

fn expiration() -> ExpirationComplete {
    ExpirationComplete {
        order_id: id(ORDER),
    }
}

fn payment(version: i64, status: PaymentStatus) -> PaymentState {
    PaymentState {
        id: id(PAYMENT),
        version,
        order_id: id(ORDER),
        status,
        amount: "120.00".into(),
        currency: Currency::USD,
        refunded: Some("20.00".into()),
        gateway_id: (status != PaymentStatus::Declined).then(|| "ch_test_0001".to_owned()),
    }
}
