//! Events as they come from the bus: every one that can be said is read as it was, what a newer publisher adds is ignored,
//! and whatever else comes is refused without a panic.

use std::fs;
use std::path::PathBuf;

use jiff::Timestamp;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};
use tessera_contracts::events::{
    Event, EventData, EventType, ExpirationComplete, OrderState, OrderTicket, PaymentState,
    SessionEnded, TicketRefused, TicketState, UserState,
};
use tessera_contracts::{
    Amount, CancelReason, Currency, Money, OrderStatus, PaymentStatus, RefusalReason, TicketStatus,
};
use uuid::Uuid;

use crate::cases::{MANY, hold};
use crate::mutation::{changed, changes};

fn id<T: From<Uuid> + std::fmt::Debug>() -> impl Strategy<Value = T> {
    any::<u128>().prop_map(|number| T::from(Uuid::from_u128(number)))
}

/// Any that databases can keep: a whole millisecond.
fn time() -> impl Strategy<Value = Timestamp> {
    (-377_705_000_000_000..=253_402_000_000_000_i64)
        .prop_map(|milliseconds| Timestamp::from_millisecond(milliseconds).unwrap())
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["\\PC{0,20}", any::<String>()]
}

fn said() -> impl Strategy<Value = Option<String>> {
    option::of(text())
}

fn amount() -> impl Strategy<Value = Amount> {
    (0..=i64::MAX).prop_map(|minor| Money::new(minor, Currency::USD).amount())
}

fn currency() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec!["usd", "eur", "jpy", "kwd"]).prop_map(|code| code.parse().unwrap())
}

fn word<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    prop::sample::select(all)
}

/// Category, venue, city, country, time zone, section, row and seat.
fn labels() -> impl Strategy<Value = [Option<String>; 8]> {
    prop::array::uniform8(said())
}

fn order_ticket() -> impl Strategy<Value = OrderTicket> {
    let head = (id(), any::<i64>(), id(), text(), amount(), currency());
    (head, labels(), option::of(time())).prop_map(|(head, labels, starts_at)| {
        let (id, version, user_id, title, price, currency) = head;
        let [_, venue, city, country, time_zone, section, row, seat] = labels;
        OrderTicket {
            id,
            version,
            user_id,
            title,
            price,
            currency,
            venue,
            city,
            country,
            starts_at,
            time_zone,
            section,
            row,
            seat,
        }
    })
}

fn order() -> impl Strategy<Value = OrderState> {
    let head = (
        id(),
        any::<i64>(),
        word(OrderStatus::ALL),
        option::of(word(CancelReason::ALL)),
        id(),
        time(),
    );
    let amounts = (
        amount(),
        amount(),
        amount(),
        option::of(amount()),
        currency(),
    );
    (head, amounts, order_ticket()).prop_map(|(head, amounts, ticket)| {
        let (id, version, status, cancel_reason, user_id, expires_at) = head;
        let (price, fee, total, seller_fee, currency) = amounts;
        OrderState {
            id,
            version,
            status,
            cancel_reason,
            user_id,
            expires_at,
            price,
            fee,
            total,
            seller_fee,
            currency,
            ticket,
        }
    })
}

fn ticket() -> impl Strategy<Value = TicketState> {
    let head = (
        id(),
        any::<i64>(),
        option::of(any::<i64>()),
        id(),
        text(),
        amount(),
        currency(),
    );
    let rest = (
        word(TicketStatus::ALL),
        option::of(id()),
        option::of(time()),
        time(),
        time(),
    );
    (head, labels(), rest).prop_map(|(head, labels, rest)| {
        let (id, version, edit_version, user_id, title, price, currency) = head;
        let [
            category,
            venue,
            city,
            country,
            time_zone,
            section,
            row,
            seat,
        ] = labels;
        let (status, order_id, starts_at, created_at, updated_at) = rest;
        TicketState {
            id,
            version,
            edit_version,
            user_id,
            title,
            price,
            currency,
            status,
            order_id,
            category,
            venue,
            city,
            country,
            starts_at,
            time_zone,
            section,
            row,
            seat,
            created_at,
            updated_at,
        }
    })
}

fn payment() -> impl Strategy<Value = PaymentState> {
    let head = (id(), any::<i64>(), id(), word(PaymentStatus::ALL));
    let amounts = (amount(), currency(), option::of(amount()), said());
    (head, amounts).prop_map(|(head, amounts)| {
        let (id, version, order_id, status) = head;
        let (amount, currency, refunded, gateway_id) = amounts;
        PaymentState {
            id,
            version,
            order_id,
            status,
            amount,
            currency,
            refunded,
            gateway_id,
        }
    })
}

fn refused() -> impl Strategy<Value = TicketRefused> {
    (id(), any::<i64>(), id(), word(RefusalReason::ALL)).prop_map(
        |(id, version, order_id, reason)| TicketRefused {
            id,
            version,
            order_id,
            reason,
        },
    )
}

/// The data of an event of this type. A type that is added here is one that does not compile without.
fn data(event_type: EventType) -> BoxedStrategy<EventData> {
    let user = || id().prop_map(|id| UserState { id });
    let ended = || (id(), time()).prop_map(|(sid, until)| SessionEnded { sid, until });
    match event_type {
        EventType::TicketCreated => ticket().prop_map(EventData::TicketCreated).boxed(),
        EventType::TicketUpdated => ticket().prop_map(EventData::TicketUpdated).boxed(),
        EventType::TicketRefused => refused().prop_map(EventData::TicketRefused).boxed(),
        EventType::OrderCreated => order().prop_map(EventData::OrderCreated).boxed(),
        EventType::OrderUpdated => order().prop_map(EventData::OrderUpdated).boxed(),
        EventType::OrderCancelled => order().prop_map(EventData::OrderCancelled).boxed(),
        EventType::OrderCompleted => order().prop_map(EventData::OrderCompleted).boxed(),
        EventType::UserRegistered => user().prop_map(EventData::UserRegistered).boxed(),
        EventType::UserDeleted => user().prop_map(EventData::UserDeleted).boxed(),
        EventType::SessionEnded => ended().prop_map(EventData::SessionEnded).boxed(),
        EventType::ExpirationComplete => id()
            .prop_map(|order_id| EventData::ExpirationComplete(ExpirationComplete { order_id }))
            .boxed(),
        EventType::PaymentCreated => payment().prop_map(EventData::PaymentCreated).boxed(),
        EventType::PaymentCaptured => payment().prop_map(EventData::PaymentCaptured).boxed(),
        EventType::PaymentFailed => payment().prop_map(EventData::PaymentFailed).boxed(),
        EventType::PaymentVoided => payment().prop_map(EventData::PaymentVoided).boxed(),
        EventType::PaymentRefunded => payment().prop_map(EventData::PaymentRefunded).boxed(),
    }
}

/// Any event at all.
fn event() -> impl Strategy<Value = Event> {
    let data = word(EventType::ALL).prop_flat_map(data);
    (id(), text(), time(), said(), data).prop_map(|(id, source, time, traceparent, data)| Event {
        id,
        source,
        time,
        traceparent,
        data,
    })
}

#[test]
fn every_event_is_read_as_it_was_written() {
    hold(MANY, event(), |event| {
        let read = Event::from_json(&event.to_json());
        prop_assert_eq!(read.unwrap(), event);
        Ok(())
    });
}

/// Any JSON, a few levels deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(text(), inner, 0..4).prop_map(|members| json!(members)),
        ]
    })
}

/// Puts a member into every object, under a name that nobody uses.
fn add_everywhere(json: &mut Value, name: &str, value: &Value) {
    match json {
        Value::Object(members) => {
            members
                .values_mut()
                .for_each(|member| add_everywhere(member, name, value));
            members.insert(format!("new-{name}"), value.clone());
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| add_everywhere(item, name, value)),
        _ => {}
    }
}

#[test]
fn what_a_newer_publisher_adds_is_ignored() {
    hold(
        MANY,
        (event(), text(), any_json()),
        |(event, name, value)| {
            let mut json: Value = serde_json::from_str(&event.to_json()).unwrap();
            add_everywhere(&mut json, &name, &value);
            prop_assert_eq!(Event::from_json(&json.to_string()).unwrap(), event);
            Ok(())
        },
    );
}

/// Sees that a text is refused, or is an event that can be passed on.
fn is_an_event_or_refused(text: &str) -> Result<(), TestCaseError> {
    match Event::from_json(text) {
        Ok(event) => prop_assert_eq!(Event::from_json(&event.to_json()).unwrap(), event),
        Err(refusal) => prop_assert!(!refusal.to_string().is_empty()),
    }
    Ok(())
}

#[test]
fn whatever_comes_is_an_event_or_refused() {
    let drawn = prop_oneof![
        any::<String>(),
        any_json().prop_map(|json| json.to_string()),
        "[\\[\\]{}\",:0-9a-z\\\\]{0,60}",
    ];
    hold(MANY, drawn, |text| is_an_event_or_refused(&text));
}

#[test]
fn an_envelope_around_anything_is_an_event_or_refused() {
    let drawn = (word(EventType::ALL), any_json(), any_json(), 0..6_usize);
    hold(MANY, drawn, |(event_type, data, other, at)| {
        let id = Uuid::from_u128(5);
        let mut json = json!({
            "specversion": "1.0", "id": id, "source": "/tessera/test", "type": event_type.name(),
            "time": "2031-01-02T09:30:15.250Z", "data": data,
        });
        is_an_event_or_refused(&json.to_string())?;
        let attribute = ["specversion", "id", "source", "type", "time", "traceparent"][at];
        json[attribute] = other;
        is_an_event_or_refused(&json.to_string())
    });
}

/// Every form that was ever published, as it lay on the wire.
fn samples() -> Vec<String> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../crates/contracts/tests/golden");
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let forms = entries.filter(|path| path.extension().is_some_and(|kind| kind == "json"));
    let mut forms: Vec<PathBuf> = forms.collect();
    forms.sort();
    assert!(forms.len() >= EventType::ALL.len());
    forms
        .iter()
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

#[test]
fn a_changed_sample_is_an_event_or_refused() {
    let drawn = (prop::sample::select(samples()), changes());
    hold(MANY, drawn, |(sample, changes)| {
        let bytes = changed(sample.as_bytes(), &changes);
        is_an_event_or_refused(&String::from_utf8_lossy(&bytes))
    });
}
