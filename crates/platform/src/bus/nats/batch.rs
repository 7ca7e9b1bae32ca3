//! Several messages at once: stored all or none of them, and synced to disk once, where each by itself is synced by
//! itself. NATS can do so since 2.12.

use std::sync::atomic::Ordering;

use async_nats::Request;
use async_nats::client::RequestErrorKind;
use serde::Deserialize;

use super::connect::ANSWER_WITHIN;
use super::publish::{parts, taken};
use super::{Nats, failed};
use crate::bus::{BusError, Confirmed, Message};

/// A batch has a price: a server without replicas makes a store of files for it, and takes that away again. That costs
/// as much (3.7 ms of a processor) as fourteen messages one by one.
const WORTH_IT: usize = 14;

/// More in one batch are refused.
const MOST: usize = 1_000;

const BATCH: &str = "Nats-Batch-Id";
const PLACE: &str = "Nats-Batch-Sequence";
const COMMIT: &str = "Nats-Batch-Commit";

/// What the server says of a batch.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    error: Option<Refusal>,
    #[serde(default, rename = "seq")]
    sequence: i64,
    #[serde(default)]
    count: usize,
}

#[derive(Deserialize)]
struct Refusal {
    description: String,
}

impl Nats {
    /// Whether these are better sent as one.
    pub(super) fn is_a_batch(&self, messages: &[Message]) -> bool {
        (WORTH_IT..=MOST).contains(&messages.len()) && self.takes_batches.load(Ordering::Relaxed)
    }

    /// Stores all of `messages`, or none: `None` when the server refuses them as a batch. It does so when it has one
    /// of them already, which is rare: after a relay has died, and when a stream is filled again.
    pub(super) async fn publish_batch(
        &self,
        messages: &[Message],
    ) -> Result<Option<Confirmed>, BusError> {
        let Some((last, others)) = messages.split_last() else {
            return Ok(None);
        };
        // Nobody else's: two relays may publish the same events at the same time.
        let id = self.client.new_inbox();
        for (place, message) in others.iter().enumerate() {
            let (subject, mut headers, payload) = parts(message);
            headers.insert(BATCH, id.as_str());
            headers.insert(PLACE, (place + 1).to_string());
            let sent = self.client.publish_with_headers(subject, headers, payload);
            taken(sent).await?;
        }
        let (subject, mut headers, payload) = parts(last);
        headers.insert(BATCH, id.as_str());
        headers.insert(PLACE, messages.len().to_string());
        headers.insert(COMMIT, "1");
        let request = Request::new()
            .headers(headers)
            .payload(payload)
            .timeout(Some(ANSWER_WITHIN));
        let answer = match self.client.send_request(subject, request).await {
            Ok(answer) => answer,
            Err(error) => {
                if error.kind() == RequestErrorKind::NoResponders {
                    // The stream is gone: whoever tries again finds one.
                    drop(self.stream().await);
                }
                return Err(failed(error));
            }
        };
        let answer: Answer = serde_json::from_slice(&answer.payload).map_err(failed)?;
        if let Some(refusal) = answer.error {
            tracing::debug!(
                "NATS refuses a batch, its messages go one by one: {}",
                refusal.description
            );
            return Ok(None);
        }
        Ok((answer.count == messages.len()).then(|| Confirmed {
            created: self.created.load(Ordering::Relaxed),
            sequence: answer.sequence,
            event: last.id.uuid(),
        }))
    }
}
