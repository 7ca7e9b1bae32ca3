//! Times on the wire: RFC 3339 in UTC, always with three digits of a second (`2031-05-01T18:30:00.000Z`).
//!
//! Owns the one text form. Never reads the clock. Three digits because every database here keeps whole
//! milliseconds, and because it is the form that browsers write: one instant has one text.
//!
//! Fields use `#[serde(with = "crate::time")]`, or [`optional`] for an `Option`.

use std::fmt;

use jiff::{RoundMode, Timestamp, TimestampRound, Unit};
use serde::de::{self, Deserializer, Visitor};
use serde::ser::Serializer;

/// The text is not a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Write the time as in 2031-05-01T18:30:00Z")]
pub struct TimeError;

/// Reads an RFC 3339 time with any offset; digits beyond the millisecond are cut off.
///
/// # Errors
/// When the text is not such a time, or has no offset.
pub fn parse(text: &str) -> Result<Timestamp, TimeError> {
    let exact: Timestamp = text.parse().map_err(|_| TimeError)?;
    let cut = TimestampRound::new()
        .smallest(Unit::Millisecond)
        .mode(RoundMode::Floor);
    exact.round(cut).map_err(|_| TimeError)
}

/// The text of a time, as in `2031-05-01T18:30:00.000Z`.
#[must_use]
pub fn text(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// Writes [`text`], without a string in between.
///
/// # Errors
/// Only those of the serializer.
pub fn serialize<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&format_args!("{time:.3}"))
}

/// Reads what [`parse`] reads.
///
/// # Errors
/// When the value is not a string, or [`parse`] refuses it.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    struct Text;
    impl Visitor<'_> for Text {
        type Value = Timestamp;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an RFC 3339 time")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
            parse(text).map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Text)
}

/// The same for `Option<Timestamp>`: `null` is `None`. Add `default` where the field may be left out.
pub mod optional {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(transparent)]
    struct Text(#[serde(with = "super")] Timestamp);

    /// Writes the time, or `null`.
    ///
    /// # Errors
    /// Only those of the serializer.
    pub fn serialize<S: Serializer>(
        time: &Option<Timestamp>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        time.map(Text).serialize(serializer)
    }

    /// Reads a time, or `null`.
    ///
    /// # Errors
    /// As [`super::deserialize`].
    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Timestamp>, D::Error> {
        Ok(Option::<Text>::deserialize(deserializer)?.map(|Text(time)| time))
    }
}
