//! The public keys of a process without auth: fetched from `JWKS_URL`, again every few minutes, and at once
//! when a token comes whose key is not known.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use reqwest::Client;
use serde::Deserialize;
use url::Url;

use super::Verifier;
use super::token::PublicKey;
use crate::BoxFuture;
use crate::clock::Clock;
use crate::worker::{Next, Worker, WorkerError};

/// Keys that auth has withdrawn count for so much longer, at most.
const EVERY: SignedDuration = SignedDuration::from_mins(5);

/// Tokens of unknown keys are easily made up: whatever comes, auth is not asked more often.
const AT_MOST_EVERY: SignedDuration = SignedDuration::from_secs(5);

const ANSWER_WITHIN: Duration = Duration::from_secs(3);

/// A key set with more of them is not auth's.
const MOST_KEYS: usize = 16;

/// The worker that does so.
pub struct FollowKeys {
    url: Url,
    client: Client,
    verifier: Verifier,
    clock: Clock,
    asked_at: Mutex<Option<Timestamp>>,
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<serde_json::Value>,
}

impl FollowKeys {
    /// Hands the keys at `url` to `verifier`.
    pub fn new(
        url: Url,
        verifier: Verifier,
        clock: Clock,
    ) -> Result<Arc<FollowKeys>, reqwest::Error> {
        let client = Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Arc::new(FollowKeys {
            url,
            client,
            verifier,
            clock,
            asked_at: Mutex::default(),
        }))
    }

    async fn step(&self) -> Result<Next, WorkerError> {
        let now = self.clock.now();
        let due = if self.verifier.misses_keys() {
            AT_MOST_EVERY
        } else {
            EVERY
        };
        let asked_at = *self.asked_at.lock();
        let next = asked_at.and_then(|at| at.checked_add(due).ok());
        if let Some(next) = next.filter(|next| *next > now) {
            return Ok(Next::At(next));
        }
        self.fetch()
            .await
            .map_err(|error| WorkerError::Other(format!("JWKS_URL: {error}")))?;
        *self.asked_at.lock() = Some(now);
        Ok(Next::At(
            now.saturating_add(EVERY).unwrap_or(Timestamp::MAX),
        ))
    }

    /// An answer without any key changes nothing: it is not auth's.
    async fn fetch(&self) -> Result<(), String> {
        let answer = self.client.get(self.url.clone()).send().await;
        let answer = answer.and_then(reqwest::Response::error_for_status);
        let set: KeySet = match answer {
            Ok(answer) => answer.json().await.map_err(|error| error.to_string())?,
            Err(error) => return Err(error.to_string()),
        };
        let keys = set
            .keys
            .iter()
            .take(MOST_KEYS)
            .filter_map(PublicKey::from_jwk);
        let keys: Vec<PublicKey> = keys.collect();
        if keys.is_empty() {
            return Err(format!("{} holds no key", self.url));
        }
        self.verifier.replace(&keys);
        Ok(())
    }
}

impl Worker for FollowKeys {
    fn name(&self) -> &'static str {
        "session-keys"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.step())
    }
}
