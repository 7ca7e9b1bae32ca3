//! What comes in.

use base64::Engine;
use http_body_util::{BodyExt, Limited};
use hyper::Method;
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, HeaderMap};

use crate::VERSION;
use crate::book::{Refusal, Refused};

const LARGEST: usize = 1 << 20;

pub(crate) struct Request {
    pub(crate) method: Method,
    pub(crate) path: String,
    /// Of the query, then of the body.
    pub(crate) params: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) key: Option<String>,
    pub(crate) version: Option<String>,
    /// The API key.
    authorization: Option<String>,
    /// The headers that a browser asks for before it sends them.
    pub(crate) asked_headers: Option<String>,
}

/// Who asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Caller {
    Server,
    /// Has the publishable key alone.
    Browser,
}

impl Request {
    /// Reads it; `None` when it does not come to its end.
    pub(super) async fn read(request: hyper::Request<Incoming>) -> Option<Request> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.ok()?.to_bytes();
        let query = head.uri.query().unwrap_or_default();
        let mut params: Vec<_> = pairs(query.as_bytes()).collect();
        let is_form = head.headers.get("content-type").is_none_or(|kind| {
            kind.as_bytes()
                .starts_with(b"application/x-www-form-urlencoded")
        });
        if is_form {
            params.extend(pairs(&body));
        }
        let header = |name: &str| text(&head.headers, name);
        Some(Request {
            method: head.method,
            path: head.uri.path().to_owned(),
            params,
            body: body.to_vec(),
            key: header("idempotency-key"),
            version: header("stripe-version"),
            authorization: header(AUTHORIZATION.as_str()).and_then(|value| api_key(&value)),
            asked_headers: header("access-control-request-headers"),
        })
    }

    /// Who asks, by the API key.
    pub(super) fn caller(&self, secret: &str, publishable: &str) -> Result<Caller, Refused> {
        match self.authorization.as_deref() {
            Some(key) if key == secret => Ok(Caller::Server),
            Some(key) if key == publishable => Ok(Caller::Browser),
            Some(key) => {
                let shown: String = key.chars().take(8).collect();
                Err(unauthorized(None, format!("Invalid API key: {shown}…")))
            }
            None => Err(unauthorized(
                None,
                "No API key: send one as a bearer token.",
            )),
        }
    }

    /// Another version than the one that the double speaks is refused, since its answers would be wrong.
    pub(super) fn check_version(&self) -> Result<(), Refused> {
        match self.version.as_deref() {
            None | Some(VERSION) => Ok(()),
            Some(other) => {
                let message =
                    format!("Invalid Stripe API version: {other}. This is a double of {VERSION}.");
                Err(Refusal::parameter(None, "Stripe-Version", message))
            }
        }
    }
}

/// What a publishable key is not enough for.
pub(super) fn secret_key_required() -> Refused {
    let message = "This call cannot be made with a publishable key.";
    unauthorized(Some("secret_key_required"), message)
}

fn unauthorized(code: Option<&'static str>, message: impl Into<String>) -> Refused {
    Refusal::invalid(code, message).with_status(401).unbegun()
}

fn pairs(text: &[u8]) -> impl Iterator<Item = (String, String)> {
    url::form_urlencoded::parse(text).into_owned()
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

/// `Bearer KEY`, or the name in `Basic NAME:PASSWORD`.
fn api_key(value: &str) -> Option<String> {
    let (scheme, credentials) = value.split_once(' ')?;
    if scheme.eq_ignore_ascii_case("bearer") {
        return Some(credentials.trim().to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let engine = base64::engine::general_purpose::STANDARD;
    let decoded = String::from_utf8(engine.decode(credentials.trim()).ok()?).ok()?;
    decoded.split(':').next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_comes_in_two_ways() {
        assert_eq!(api_key("Bearer sk_1").as_deref(), Some("sk_1"));
        assert_eq!(api_key("Basic c2tfMTo=").as_deref(), Some("sk_1"));
        assert_eq!(api_key("Digest sk_1"), None);
    }
}
