//! What a form of a page sends: pairs of names and values, small, and read whole.

use axum::extract::{FromRequest, Request};
use axum::http::{StatusCode, header};
use bytes::Bytes;
use tessera_platform::http::{Failure, whole_body};
use url::form_urlencoded;

/// The fields of a form.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form(Vec<(String, String)>);

impl Form {
    /// Reads them as they are sent.
    pub(crate) fn parse(bytes: &[u8]) -> Form {
        Form(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// Whether there is such a field, and be it empty.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(given, _)| given == name)
    }

    /// What was written into a field, without blanks around it. One that was not sent is empty.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.raw(name).trim()
    }

    /// What was written into a field, as it was written: for passwords.
    pub(crate) fn raw(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(given, _)| given == name);
        found.map_or("", |(_, value)| value.as_str())
    }

    /// The same form with another value of a field.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Form {
        self.0.retain(|(given, _)| given != name);
        self.0.push((name.to_owned(), value.into()));
        self
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Failure;

    async fn from_request(request: Request, _state: &S) -> Result<Form, Failure> {
        let media_type = request.headers().get(header::CONTENT_TYPE);
        let is_form = media_type.is_some_and(|value| {
            value
                .as_bytes()
                .starts_with(b"application/x-www-form-urlencoded")
        });
        if !is_form {
            let detail = "A form must be sent as application/x-www-form-urlencoded.";
            return Err(Failure::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_a_form",
                detail,
            ));
        }
        let bytes: Bytes = whole_body(request).await?;
        Ok(Form::parse(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_blanks_around_them_do_not_count() {
        let form =
            Form::parse("title=+Die+Zauberfl%C3%B6te+&password=+p%20&title=second".as_bytes());
        assert_eq!(form.text("title"), "Die Zauberflöte");
        assert_eq!(form.raw("password"), " p ");
        assert_eq!(form.text("missing"), "");
        assert_eq!(form.with("title", "Tosca").text("title"), "Tosca");
    }
}
