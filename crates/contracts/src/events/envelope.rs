//! The envelope around every event: CloudEvents 1.0, structured JSON
//! (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>).
//!
//! Owns reading and writing it. Consumers read one on every delivery, so the data is left unread until the type
//! is known, and then read once, straight into its type.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{EventData, EventType};
use crate::ids::EventId;

const SPEC_VERSION: &str = "1.0";

/// One event, as it is published and consumed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The one thing that tells a duplicate.
    pub id: EventId,
    /// Who published it: a URI reference, such as `/tessera/orders`.
    pub source: String,
    /// When it happened.
    pub time: Timestamp,
    /// The trace that it belongs to, as a W3C `traceparent`.
    pub traceparent: Option<String>,
    /// What happened.
    pub data: EventData,
}

/// Why a text is no event of ours.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// It is no envelope: not JSON, or an attribute is missing or malformed.
    #[error("not an event: {0}")]
    Envelope(#[source] serde_json::Error),
    /// It is an envelope of another version of CloudEvents, which is given.
    #[error("CloudEvents version \"{0}\" is not understood")]
    SpecVersion(String),
    /// It is of a type that is given, and not known here.
    #[error("event type \"{0}\" is not known")]
    UnknownType(String),
    /// Its data does not have the form of its type.
    #[error("the data of {event_type} cannot be read: {cause}")]
    Data {
        /// The type.
        event_type: EventType,
        /// What was wrong with the data.
        #[source]
        cause: serde_json::Error,
    },
}

#[derive(Serialize)]
struct Written<'a> {
    specversion: &'static str,
    id: EventId,
    source: &'a str,
    r#type: &'static str,
    subject: Uuid,
    #[serde(with = "crate::time")]
    time: Timestamp,
    datacontenttype: &'static str,
    dataschema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    traceparent: Option<&'a str>,
    data: &'a EventData,
}

/// The attributes that are acted on. `subject` is not: it repeats an id of the data.
#[derive(Deserialize)]
struct Read<'a> {
    #[serde(borrow)]
    specversion: Cow<'a, str>,
    id: EventId,
    source: String,
    #[serde(borrow)]
    r#type: Cow<'a, str>,
    #[serde(with = "crate::time")]
    time: Timestamp,
    #[serde(default)]
    traceparent: Option<String>,
    #[serde(borrow)]
    data: &'a RawValue,
}

impl Event {
    /// The event as it is stored in an outbox and sent over the bus.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "only maps with odd keys and refusing types can fail, and none is here"
    )]
    pub fn to_json(&self) -> String {
        let event_type = self.data.event_type();
        let written = Written {
            specversion: SPEC_VERSION,
            id: self.id,
            source: &self.source,
            r#type: event_type.name(),
            subject: self.data.subject(),
            time: self.time,
            datacontenttype: "application/json",
            dataschema: event_type.data_schema(),
            traceparent: self.traceparent.as_deref(),
            data: &self.data,
        };
        serde_json::to_string(&written).expect("an event has nothing that JSON cannot say")
    }

    /// Reads an event. Attributes and fields that are not known are ignored.
    ///
    /// # Errors
    /// [`EventError::UnknownType`] where a newer service publishes something new; the others tell a broken publisher.
    pub fn from_json(json: &str) -> Result<Self, EventError> {
        let read: Read<'_> = serde_json::from_str(json).map_err(EventError::Envelope)?;
        if read.specversion != SPEC_VERSION {
            return Err(EventError::SpecVersion(read.specversion.into_owned()));
        }
        let event_type: EventType = read
            .r#type
            .parse()
            .map_err(|_| EventError::UnknownType(read.r#type.into_owned()))?;
        let data = event_type
            .read_data(read.data)
            .map_err(|cause| EventError::Data { event_type, cause })?;
        Ok(Self {
            id: read.id,
            source: read.source,
            time: read.time,
            traceparent: read.traceparent,
            data,
        })
    }
}
