//! What a request was answered, in a form that a snapshot can show.

use axum::http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

/// An answer, read whole.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The body: JSON where it is, text where it is not, `null` where there is none.
    pub body: Value,
}

impl Answer {
    pub(super) fn new(status: StatusCode, headers: HeaderMap, bytes: &[u8]) -> Answer {
        let body = if bytes.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(bytes)
                .unwrap_or_else(|_| Value::String(String::from_utf8_lossy(bytes).into_owned()))
        };
        Answer {
            status,
            headers,
            body,
        }
    }

    /// A member of the body, as text.
    pub fn text(&self, member: &str) -> String {
        match &self.body[member] {
            Value::String(text) => text.clone(),
            other => panic!("{member} is {other} in {}", self.body),
        }
    }

    /// The `id` of the body.
    pub fn id<T: std::str::FromStr>(&self) -> T {
        self.text("id").parse().ok().expect("an id")
    }

    /// A header, as text; empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().expect("a text"))
    }

    /// Status and body for a snapshot: ids read `[id]`, times `[time]`.
    pub fn shown(&self) -> Value {
        json!({ "status": self.status.as_u16(), "body": redacted(&self.body) })
    }
}

fn redacted(value: &Value) -> Value {
    match value {
        Value::Object(members) => Value::Object(
            members
                .iter()
                .map(|(name, value)| (name.clone(), redacted(value)))
                .collect::<Map<_, _>>(),
        ),
        Value::Array(items) => Value::Array(items.iter().map(redacted).collect()),
        Value::String(text) if uuid::Uuid::try_parse(text).is_ok() => json!("[id]"),
        Value::String(text) if text.len() >= 20 && text.parse::<jiff::Timestamp>().is_ok() => {
            json!("[time]")
        }
        other => other.clone(),
    }
}
