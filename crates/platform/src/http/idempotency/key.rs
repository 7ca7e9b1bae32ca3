//! The `Idempotency-Key` of a request, and what it counts for.

use aws_lc_rs::digest::{SHA256, digest};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::http::Failure;
use crate::http::body::Body;
use crate::http::extract::caller;

const HEADER: &str = "idempotency-key";
const LONGEST: usize = 255;

/// The `Idempotency-Key` header, if there is one. It counts for one user, method and path.
#[derive(Clone, Debug)]
pub struct IdempotencyKey(Option<Key>);

/// A key together with the request that it was given for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// User, method and path.
    pub(super) scope: String,
    pub(super) key: String,
    /// A hash of the body: the same key counts for the same body alone.
    pub(super) fingerprint: Vec<u8>,
}

impl IdempotencyKey {
    /// The key of the request that has this body.
    pub fn of(self, body: &Body) -> Option<Key> {
        let fingerprint = || digest(&SHA256, body.bytes()).as_ref().to_vec();
        self.0.map(|key| Key {
            fingerprint: fingerprint(),
            ..key
        })
    }
}

impl Key {
    /// A key of this scope, for a request with this body.
    pub fn new(scope: &str, key: &str, body: &[u8]) -> Key {
        Key {
            scope: scope.to_owned(),
            key: key.to_owned(),
            fingerprint: digest(&SHA256, body).as_ref().to_vec(),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let mut given = parts.headers.get_all(HEADER).iter();
        let Some(value) = given.next() else {
            return Ok(IdempotencyKey(None));
        };
        let key = value.as_bytes();
        let visible = key.iter().all(u8::is_ascii_graphic);
        if given.next().is_some() || key.is_empty() || key.len() > LONGEST || !visible {
            let message =
                format!("Idempotency-Key must be 1 to {LONGEST} visible ASCII characters");
            return Err(Failure::invalid("Idempotency-Key", message));
        }
        let user = caller(parts)?
            .session
            .map(|session| session.user.id.to_string());
        Ok(IdempotencyKey(Some(Key {
            scope: format!(
                "{} {} {}",
                user.as_deref().unwrap_or("-"),
                parts.method,
                parts.uri.path()
            ),
            key: String::from_utf8_lossy(key).into_owned(),
            fingerprint: Vec::new(),
        })))
    }
}
