//! Ids, times and the words of the enums: one text each, the same everywhere.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::{Debug, Display};
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tessera_contracts::events::EventType;
use tessera_contracts::{
    CancelReason, OrderId, OrderStatus, PaymentStatus, RefusalReason, TicketStatus, time,
};

/// JSON, `Display` and `FromStr` agree on the words, which are these.
fn has_the_words<T>(all: &[T], words: &str)
where
    T: Copy + Debug + PartialEq + Display + FromStr + Serialize + for<'a> Deserialize<'a>,
{
    let shown: Vec<String> = all.iter().map(T::to_string).collect();
    assert_eq!(shown.join(" "), words);
    for (value, word) in all.iter().zip(shown) {
        let json = format!("\"{word}\"");
        assert_eq!(serde_json::to_string(value).unwrap(), json);
        assert_eq!(serde_json::from_str::<T>(&json).unwrap(), *value);
        assert_eq!(word.parse::<T>().ok(), Some(*value));
        assert!(word.to_uppercase().parse::<T>().is_err());
    }
}

#[test]
fn the_words_are_those_of_the_contract() {
    has_the_words(TicketStatus::ALL, "available reserved sold withdrawn");
    has_the_words(
        OrderStatus::ALL,
        "created awaiting:payment complete cancelled",
    );
    has_the_words(
        CancelReason::ALL,
        "expired cancelled_by_buyer payment_failed ticket_changed account_deleted capture_failed",
    );
    has_the_words(
        PaymentStatus::ALL,
        "processing requires_action authorized captured declined voided capture_failed refunded",
    );
    has_the_words(RefusalReason::ALL, "changed withdrawn sold unknown");
    has_the_words(
        EventType::ALL,
        "ticket:created ticket:updated ticket:refused \
         order:created order:updated order:cancelled order:completed \
         user:registered user:deleted session:ended expiration:complete \
         payment:created payment:captured payment:failed payment:voided payment:refunded",
    );
}

#[test]
fn an_unknown_word_is_told_with_its_kind() {
    let error = "lost".parse::<OrderStatus>().unwrap_err();
    assert_eq!(error.to_string(), "\"lost\" is not a known order status");
}

#[test]
fn an_id_is_its_uuid_in_text() {
    let text = "0198c0de-7a11-7000-8000-000000000002";
    let id: OrderId = text.parse().unwrap();
    assert_eq!(id.to_string(), text);
    assert_eq!(OrderId::from(id.uuid()), id);
    assert_eq!(serde_json::to_string(&id).unwrap(), format!("\"{text}\""));
    assert_eq!(
        serde_json::from_str::<OrderId>(&format!("\"{text}\"")).unwrap(),
        id
    );
    for bad in [
        "",
        "1",
        "0198c0de-7a11-7000-8000-00000000000g",
        "0198c0de-7a11-7000-8000-0000000000021",
    ] {
        assert!(bad.parse::<OrderId>().is_err(), "{bad}");
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Times {
    #[serde(with = "time")]
    at: Timestamp,
    #[serde(default, with = "time::optional")]
    later: Option<Timestamp>,
}

#[test]
fn times_are_written_in_utc_with_three_digits() {
    let at: Timestamp = "2031-05-01T18:30:00.123987Z".parse().unwrap();
    assert_eq!(time::text(at), "2031-05-01T18:30:00.123Z");
    let times = Times { at, later: None };
    let json = serde_json::to_string(&times).unwrap();
    assert_eq!(json, r#"{"at":"2031-05-01T18:30:00.123Z","later":null}"#);
}

#[test]
fn times_are_read_with_any_offset_down_to_the_millisecond() {
    let expected: Timestamp = "2031-05-01T18:30:00.123Z".parse().unwrap();
    for text in [
        "2031-05-01T18:30:00.123Z",
        "2031-05-01T18:30:00.123999Z",
        "2031-05-01T20:30:00.123+02:00",
    ] {
        assert_eq!(time::parse(text), Ok(expected), "{text}");
        let json = format!(r#"{{"at":"{text}","later":"{text}"}}"#);
        let times = Times {
            at: expected,
            later: Some(expected),
        };
        assert_eq!(serde_json::from_str::<Times>(&json).unwrap(), times);
    }
}

#[test]
fn what_is_no_moment_is_refused() {
    for text in [
        "",
        "2031-05-01",
        "2031-05-01T18:30:00",
        "2031-02-30T18:30:00Z",
        "18:30",
        "tomorrow",
        "1935000000",
    ] {
        assert_eq!(time::parse(text), Err(time::TimeError), "{text}");
    }
    assert!(serde_json::from_str::<Times>(r#"{"at":1935000000}"#).is_err());
}
