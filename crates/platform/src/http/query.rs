//! The parameters of a query string, read one by one like the fields of a body.

use std::borrow::Cow;
use std::convert::Infallible;
use std::fmt;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use tessera_contracts::http::ProblemError;
use url::form_urlencoded;

use super::problem::Failure;

/// The parameters of a query. Those that nobody asks for are ignored, and so are empty ones, which
/// HTML forms send for fields left blank; of a parameter given twice the last counts.
#[derive(Debug, Default)]
pub struct Query {
    given: Vec<(String, String)>,
    errors: Vec<ProblemError>,
}

impl Query {
    /// Reads a query string, without its question mark.
    pub fn parse(query: &str) -> Query {
        let pairs = form_urlencoded::parse(query.as_bytes());
        let given = pairs.filter(|(_, value)| !value.is_empty());
        Query {
            given: given
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect(),
            errors: Vec::new(),
        }
    }

    /// A parameter that may be left out.
    pub fn optional<T, E: fmt::Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        match parse(self.get(name)?) {
            Ok(value) => Some(value),
            Err(error) => self.refuse(name, error.to_string()),
        }
    }

    /// A parameter that must be there. `None` only if an error was noted.
    pub fn required<T, E: fmt::Display>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, E>,
    ) -> Option<T> {
        if self.get(name).is_none() {
            return self.refuse(name, format!("{name} is required"));
        }
        self.optional(name, parse)
    }

    /// Notes an error, for a rule that spans parameters. Always answers `None`.
    pub fn refuse<T>(&mut self, name: &str, message: impl Into<String>) -> Option<T> {
        self.errors.push(ProblemError {
            message: message.into(),
            field: Some(name.to_owned()),
        });
        None
    }

    /// All errors so far, as one refusal.
    pub fn finish(self) -> Result<(), Failure> {
        if self.errors.is_empty() {
            Ok(())
        } else {
            Err(Failure::invalid_all(self.errors))
        }
    }

    /// All errors so far, as one refusal; or what `build` makes of the values.
    pub fn finish_with<T>(self, build: impl FnOnce() -> Option<T>) -> Result<T, Failure> {
        self.finish()?;
        build().ok_or_else(|| Failure::internal("a parameter was refused without an error"))
    }

    fn get(&self, name: &str) -> Option<&str> {
        let found = self.given.iter().rev().find(|(given, _)| given == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Query, Infallible> {
        Ok(parts.uri.query().map(Query::parse).unwrap_or_default())
    }
}

/// `query` with the parameter `name` set to `value`, and every other one as it was.
pub(super) fn replace(query: &str, name: &str, value: &str) -> String {
    let mut written = form_urlencoded::Serializer::new(String::new());
    let pairs = form_urlencoded::parse(query.as_bytes());
    written.extend_pairs(pairs.filter(|(given, _): &(Cow<'_, str>, _)| given != name));
    written.append_pair(name, value);
    written.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wrong_parameters_are_named() {
        let mut query = Query::parse("minPrice=cheap&q=op%C3%A9ra+night&city=&from=1&from=2");
        let price = query.optional("minPrice", |text| {
            text.parse::<i64>().map_err(|_| "no number")
        });
        assert_eq!(price, None);
        assert_eq!(
            query
                .optional("q", |text| Ok::<_, String>(text.to_owned()))
                .unwrap(),
            "opéra night"
        );
        assert_eq!(query.optional("city", |_| Ok::<_, String>(())), None);
        assert_eq!(query.optional("from", str::parse::<i64>), Some(2));
        assert_eq!(query.required("orderId", str::parse::<i64>), None);
        let failure = query.finish().unwrap_err();
        let named: Vec<_> = failure
            .problem()
            .errors
            .iter()
            .map(|one| one.field.clone())
            .collect();
        assert_eq!(
            named,
            [Some("minPrice".to_owned()), Some("orderId".to_owned())]
        );
    }

    #[test]
    fn replacing_one_parameter_keeps_the_others() {
        assert_eq!(
            replace("q=a%26b&cursor=old&limit=5", "cursor", "n=w"),
            "q=a%26b&limit=5&cursor=n%3Dw"
        );
        assert_eq!(replace("", "cursor", "x"), "cursor=x");
    }
}
