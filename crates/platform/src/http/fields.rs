//! The fields of a JSON object, read one by one, so that all that is wrong with them is said at
//! once, each by the field's name.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use tessera_contracts::http::ProblemError;

use super::problem::Failure;

/// The fields of a JSON object. Fields that nobody asks for are ignored; of a field given twice
/// the last counts.
///
/// ```ignore
/// let mut fields = body.fields()?;
/// let email = fields.required("email", |text: String| Email::parse(&text));
/// let venue = fields.optional("venue", Venue::parse);
/// fields.finish_with(|| Some(NewThing { email: email?, venue }))
/// ```
#[derive(Debug)]
pub struct Fields<'a> {
    given: Vec<(Cow<'a, str>, &'a RawValue)>,
    errors: Vec<ProblemError>,
}

/// What a request says of a field that has a value already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patch<T> {
    /// Absent: it keeps its value.
    Keep,
    /// `null`: it has none any more.
    Clear,
    /// This is its new value.
    Set(T),
}

impl<'a> Fields<'a> {
    /// No fields at all.
    pub fn none() -> Fields<'a> {
        Fields {
            given: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Reads a JSON object. Anything else is a 400.
    pub fn parse(bytes: &'a [u8]) -> Result<Fields<'a>, Failure> {
        let Object(given) = serde_json::from_slice(bytes).map_err(|error| {
            let detail = if error.is_data() {
                "The body must be a JSON object.".to_owned()
            } else {
                format!("The body is not valid JSON: {error}.")
            };
            Failure::bad_request(detail)
        })?;
        Ok(Fields {
            given,
            errors: Vec::new(),
        })
    }

    /// A field that must be there and not `null`. `None` only if an error was noted.
    pub fn required<J, T, E>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(J) -> Result<T, E>,
    ) -> Option<T>
    where
        J: JsonValue,
        E: fmt::Display,
    {
        match self.get(name) {
            None | Some(Given::Null) => self.refuse(name, format!("{name} is required")),
            Some(Given::Value(raw)) => self.read(name, raw, parse),
        }
    }

    /// A field that may be left out, or `null`.
    pub fn optional<J, T, E>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(J) -> Result<T, E>,
    ) -> Option<T>
    where
        J: JsonValue,
        E: fmt::Display,
    {
        match self.get(name) {
            None | Some(Given::Null) => None,
            Some(Given::Value(raw)) => self.read(name, raw, parse),
        }
    }

    /// A change to a field that may be without a value.
    pub fn patch<J, T, E>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(J) -> Result<T, E>,
    ) -> Patch<T>
    where
        J: JsonValue,
        E: fmt::Display,
    {
        match self.get(name) {
            None => Patch::Keep,
            Some(Given::Null) => Patch::Clear,
            Some(Given::Value(raw)) => self.read(name, raw, parse).map_or(Patch::Keep, Patch::Set),
        }
    }

    /// A change to a field that always has a value: `None` keeps it, and `null` is an error.
    pub fn change<J, T, E>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(J) -> Result<T, E>,
    ) -> Option<T>
    where
        J: JsonValue,
        E: fmt::Display,
    {
        match self.get(name) {
            None => None,
            Some(Given::Null) => self.refuse(name, format!("{name} cannot be taken away")),
            Some(Given::Value(raw)) => self.read(name, raw, parse),
        }
    }

    /// Notes an error, for a rule that spans fields. Always answers `None`.
    pub fn refuse<T>(&mut self, name: &str, message: impl Into<String>) -> Option<T> {
        self.errors.push(ProblemError {
            message: message.into(),
            field: Some(name.to_owned()),
        });
        None
    }

    /// Whether a field was given, be it as `null`.
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All errors so far, as one refusal.
    pub fn finish(self) -> Result<(), Failure> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Failure::invalid_all(self.errors))
        }
    }

    /// All errors so far, as one refusal; or what `build` makes of the values. It takes them apart
    /// with `?`: none is missing when there was no error.
    pub fn finish_with<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Failure> {
        self.finish()?;
        build().ok_or_else(|| Failure::internal("a field was refused without an error"))
    }

    fn get(&self, name: &str) -> Option<Given<'a>> {
        let (_, raw) = self.given.iter().rev().find(|(given, _)| given == name)?;
        Some(if raw.get() == "null" {
            Given::Null
        } else {
            Given::Value(raw)
        })
    }

    fn read<J, T, E>(
        &mut self,
        name: &'static str,
        raw: &RawValue,
        parse: impl FnOnce(J) -> Result<T, E>,
    ) -> Option<T>
    where
        J: JsonValue,
        E: fmt::Display,
    {
        let Some(value) = J::from_json(raw) else {
            return self.refuse(name, format!("{name} must be {}", J::WANTED));
        };
        match parse(value) {
            Ok(value) => Some(value),
            Err(error) => self.refuse(name, error.to_string()),
        }
    }
}

enum Given<'a> {
    Null,
    Value(&'a RawValue),
}

/// A kind of JSON value that a field can be asked for as.
pub trait JsonValue: Sized {
    /// In words, after "must be".
    const WANTED: &'static str;

    /// Reads it, or `None` when it is of another kind.
    fn from_json(raw: &RawValue) -> Option<Self>;
}

impl JsonValue for String {
    const WANTED: &'static str = "text";

    fn from_json(raw: &RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }
}

impl JsonValue for bool {
    const WANTED: &'static str = "true or false";

    fn from_json(raw: &RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }
}

/// The exact text of a decimal number, sent as a number or as text. Never a float.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decimal(String);

impl Decimal {
    /// The text, unchecked.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl JsonValue for Decimal {
    const WANTED: &'static str = "a number";

    fn from_json(raw: &RawValue) -> Option<Self> {
        let text = raw.get();
        match text.as_bytes().first()? {
            b'"' => serde_json::from_str(text).ok().map(Decimal),
            b'-' | b'0'..=b'9' => Some(Decimal(text.to_owned())),
            _ => None,
        }
    }
}

/// A text, which may be sent as a number where it looks like one: a seat, say. Numbers as they were written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word(pub String);

impl JsonValue for Word {
    const WANTED: &'static str = "text";

    fn from_json(raw: &RawValue) -> Option<Self> {
        Decimal::from_json(raw).map(|Decimal(text)| Word(text))
    }
}

/// The members of a JSON object, in their order, borrowed from its text.
struct Object<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

/// A name: borrowed unless it has escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::with_capacity(8);
                while let Some((Name(name), value)) = map.next_entry()? {
                    members.push((name, value));
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: String) -> Result<String, String> {
        if value.is_empty() {
            Err("write something".to_owned())
        } else {
            Ok(value)
        }
    }

    fn any<J>(value: J) -> Result<J, String> {
        Ok(value)
    }

    fn problems(failure: &Failure) -> Vec<(&str, &str)> {
        let errors = &failure.problem().errors;
        errors
            .iter()
            .map(|one| (one.field.as_deref().unwrap_or("-"), one.message.as_str()))
            .collect()
    }

    #[test]
    fn the_values_come_out_as_they_were_given() {
        let body = br#"{"title":"Op\u00e9ra","n":5,"yes":true,"venue":null,"more":{"a":[1]}}"#;
        let mut fields = Fields::parse(body).unwrap();
        assert_eq!(fields.required("title", text).unwrap(), "Opéra");
        assert_eq!(fields.optional("n", any), Some(Word("5".to_owned())));
        assert_eq!(fields.optional("yes", any::<bool>), Some(true));
        assert_eq!(fields.optional("venue", text), None);
        assert!(fields.has("venue") && !fields.has("row"));
        fields.finish().unwrap();
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let body = br#"{"title":"","price":true,"row":7,"seat":null}"#;
        let mut fields = Fields::parse(body).unwrap();
        let title = fields.required("title", text);
        let email = fields.required("email", text);
        let _price = fields.required("price", any::<Decimal>);
        let _row = fields.optional("row", text);
        let _seat = fields.required("seat", text);
        fields.refuse::<()>("endsAt", "it ends before it starts");
        let failure = fields.finish_with(|| Some((title?, email?))).unwrap_err();
        assert_eq!(
            (failure.status().as_u16(), failure.code()),
            (400, "validation_failed")
        );
        let expected = [
            ("title", "write something"),
            ("email", "email is required"),
            ("price", "price must be a number"),
            ("row", "row must be text"),
            ("seat", "seat is required"),
            ("endsAt", "it ends before it starts"),
        ];
        assert_eq!(problems(&failure), expected);
    }

    #[test]
    fn a_price_keeps_its_exact_text() {
        for (sent, read) in [
            ("120", "120"),
            ("120.10", "120.10"),
            ("\"120.10\"", "120.10"),
            (
                "0.1000000000000000055511151231257827",
                "0.1000000000000000055511151231257827",
            ),
            (
                "123456789012345678901234567890",
                "123456789012345678901234567890",
            ),
            ("1e3", "1e3"),
            ("-1", "-1"),
            ("\"1,5\"", "1,5"),
        ] {
            let body = format!("{{\"price\": {sent} }}");
            let mut fields = Fields::parse(body.as_bytes()).unwrap();
            assert_eq!(
                fields.required("price", any::<Decimal>).unwrap().as_str(),
                read
            );
        }
    }

    #[test]
    fn of_a_field_given_twice_the_last_counts() {
        let mut fields = Fields::parse(br#"{"a":"first","\u0061":"second"}"#).unwrap();
        assert_eq!(fields.required("a", text).unwrap(), "second");
    }

    #[test]
    fn what_is_no_object_is_refused_in_words() {
        for (body, words) in [
            ("", "not valid JSON"),
            ("{", "not valid JSON"),
            ("{\"a\":}", "not valid JSON"),
            ("{} {}", "not valid JSON"),
            ("{\"a\":\"\u{1}\"}", "not valid JSON"),
            ("[]", "must be a JSON object"),
            ("7", "must be a JSON object"),
            ("null", "must be a JSON object"),
        ] {
            let failure = Fields::parse(body.as_bytes()).unwrap_err();
            assert_eq!(failure.status().as_u16(), 400);
            assert!(
                failure.problem().detail.contains(words),
                "{body}: {failure}"
            );
        }
        assert!(Fields::parse(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn a_patch_keeps_clears_or_sets() {
        let mut fields = Fields::parse(br#"{"venue":null,"city":"Graz","title":null}"#).unwrap();
        assert_eq!(fields.patch("row", text), Patch::Keep);
        assert_eq!(fields.patch("venue", text), Patch::Clear);
        assert_eq!(fields.patch("city", text), Patch::Set("Graz".to_owned()));
        assert_eq!(fields.change("price", any::<Decimal>), None);
        assert_eq!(fields.change("title", text), None);
        assert_eq!(
            problems(&fields.finish().unwrap_err()),
            [("title", "title cannot be taken away")]
        );
    }

    #[test]
    fn a_word_may_be_sent_as_a_number() {
        let mut fields = Fields::parse(br#"{"row":"M","seat":14,"section":true}"#).unwrap();
        assert_eq!(fields.optional("row", any), Some(Word("M".to_owned())));
        assert_eq!(fields.optional("seat", any), Some(Word("14".to_owned())));
        assert_eq!(fields.optional("section", any::<Word>), None);
        assert_eq!(
            problems(&fields.finish().unwrap_err()),
            [("section", "section must be text")]
        );
    }

    #[test]
    fn deep_nesting_does_no_harm() {
        let deep = format!("{{\"a\":{}{}}}", "[".repeat(30_000), "]".repeat(30_000));
        let mut fields = Fields::parse(deep.as_bytes()).unwrap();
        assert_eq!(fields.optional("a", text), None);
        assert!(fields.finish().is_err());
    }
}
