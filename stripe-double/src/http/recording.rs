//! A record of each request, for tests that look at the wire.

use serde::Serialize;

use super::calls::Call;
use super::faults::Fault;
use super::request::Request;

/// Parameters with something that nobody may keep.
const SECRET: [&str; 2] = ["[number]", "[cvc]"];

/// One request to Stripe's API, as it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    /// `req_…`, as in the answer's `Request-Id`.
    pub id: String,
    /// Seconds since 1970.
    pub at: i64,
    /// `GET`, `POST` or `DELETE`.
    pub method: String,
    /// Without the query.
    pub path: String,
    /// What it is, where it is anything.
    pub call: Option<Call>,
    /// Of the query and of the body, decoded. Numbers and security codes of cards are not among them.
    pub params: Vec<(String, String)>,
    /// The `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The `Stripe-Version`.
    pub version: Option<String>,
    /// Whether it came with the publishable key.
    pub is_publishable: bool,
    /// Whether an earlier answer was repeated.
    pub replayed: bool,
    /// What it was answered; `None` as long as it was not, and for good where the connection was dropped.
    pub status: Option<u16>,
    /// What went wrong with it, as planned.
    pub fault: Option<Fault>,
}

impl Recorded {
    /// The value of a parameter, as in `metadata[order]`.
    pub fn param(&self, name: &str) -> Option<&str> {
        let mut params = self.params.iter();
        let found = params.find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

#[derive(Default)]
pub(crate) struct Recording(Vec<Recorded>);

impl Recording {
    pub(super) fn note(&mut self, id: &str, at: i64, request: &Request, call: Option<Call>) {
        let mut params = request.params.clone();
        for (name, value) in &mut params {
            if SECRET.iter().any(|secret| name.ends_with(secret)) {
                *value = "(not recorded)".to_owned();
            }
        }
        self.0.push(Recorded {
            id: id.to_owned(),
            at,
            method: request.method.to_string(),
            path: request.path.clone(),
            call,
            params,
            idempotency_key: request.key.clone(),
            version: request.version.clone(),
            is_publishable: false,
            replayed: false,
            status: None,
            fault: None,
        });
    }

    /// The record of a request, unless it was cleared away meanwhile.
    pub(super) fn of(&mut self, id: &str) -> Option<&mut Recorded> {
        self.0.iter_mut().rev().find(|recorded| recorded.id == id)
    }

    pub(crate) fn all(&self) -> Vec<Recorded> {
        self.0.clone()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
