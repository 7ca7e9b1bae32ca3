//! Names of events, and what is refused as an event.

#![expect(clippy::indexing_slicing, reason = "a test fails by panicking")]

use serde_json::json;
use tessera_contracts::events::{Event, EventData, EventError, EventType};
use tessera_contracts::{Currency, Money};

fn registered() -> serde_json::Value {
    json!({
        "specversion": "1.0",
        "id": "0198c0de-7a11-7000-8000-000000000101",
        "source": "/tessera/auth",
        "type": "user:registered",
        "time": "2031-01-02T09:30:15.250Z",
        "data": {"id": "0198c0de-7a11-7000-8000-000000000005"}
    })
}

fn with(name: &str, value: serde_json::Value) -> Result<Event, EventError> {
    let mut event = registered();
    event[name] = value;
    Event::from_json(&event.to_string())
}

#[test]
fn the_nats_subject_is_the_name_with_dots() {
    for event_type in EventType::ALL {
        let dotted = format!("tessera.{}", event_type.name().replace(':', "."));
        assert_eq!(event_type.nats_subject(), dotted);
        assert_eq!(event_type.name().parse(), Ok(*event_type));
    }
}

#[test]
fn the_subject_is_the_aggregate() {
    let event = Event::from_json(&registered().to_string()).unwrap();
    let EventData::UserRegistered(user) = &event.data else {
        panic!("{event:?}")
    };
    assert_eq!(event.data.subject(), user.id.uuid());
    let written: serde_json::Value = serde_json::from_str(&event.to_json()).unwrap();
    assert_eq!(written["subject"], user.id.to_string());
}

#[test]
fn an_unknown_type_is_named() {
    let refused = with("type", json!("user:renamed"));
    assert!(matches!(refused, Err(EventError::UnknownType(name)) if name == "user:renamed"));
}

#[test]
fn another_version_of_cloudevents_is_refused() {
    let refused = with("specversion", json!("0.3"));
    assert!(matches!(refused, Err(EventError::SpecVersion(version)) if version == "0.3"));
}

#[test]
fn data_of_another_form_is_refused_with_its_type() {
    let refused = with("data", json!({"id": "someone"}));
    let Err(EventError::Data { event_type, .. }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!(event_type, EventType::UserRegistered);
}

#[test]
fn what_is_no_envelope_is_refused() {
    for text in ["", "null", "[]", "{}", "{\"specversion\":\"1.0\""] {
        assert!(
            matches!(Event::from_json(text), Err(EventError::Envelope(_))),
            "{text}"
        );
    }
    assert!(matches!(
        with("time", json!("yesterday")),
        Err(EventError::Envelope(_))
    ));
    assert!(matches!(
        with("id", json!("1")),
        Err(EventError::Envelope(_))
    ));
}

#[test]
fn attributes_may_be_written_with_escapes() {
    let escaped = registered()
        .to_string()
        .replace("user:registered", r"user\u003aregistered");
    let event = Event::from_json(&escaped).unwrap();
    assert_eq!(event.data.event_type(), EventType::UserRegistered);
}

#[test]
fn amounts_of_an_event_are_money() {
    let text = include_str!("golden/order-created.v1.json");
    let EventData::OrderCreated(order) = Event::from_json(text).unwrap().data else {
        panic!("the sample is an order")
    };
    assert_eq!(order.price(), Ok(Money::new(12_000, Currency::USD)));
    assert_eq!(order.fee(), Ok(Money::new(0, Currency::USD)));
    assert_eq!(order.total(), Ok(Money::new(12_000, Currency::USD)));
    assert_eq!(order.ticket.price(), Ok(Money::new(12_000, Currency::USD)));
}

#[test]
fn a_listing_without_an_edit_version_was_edited_last_by_its_version() {
    let text = include_str!("golden/ticket-updated.v1.json");
    let EventData::TicketUpdated(mut ticket) = Event::from_json(text).unwrap().data else {
        panic!("the sample is a ticket")
    };
    assert_eq!(ticket.edit_version(), 1);
    ticket.edit_version = None;
    assert_eq!(ticket.edit_version(), ticket.version);
}
