//! From a relay into the stream.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::header::NATS_MESSAGE_ID;
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::future::try_join_all;
use futures_util::stream::select_all;
use tessera_contracts::events::EventType;
use uuid::Uuid;

use super::{Nats, PREFIX, failed};
use crate::bus::{BusError, Confirmed, Message};

/// A client that has lost its server takes what is published for later; this long, and no longer, is waited for
/// one that takes nothing more.
const TAKEN_WITHIN: Duration = Duration::from_secs(5);

/// Not among the events: no stream keeps them.
const NUDGES: &str = "_tessera.nudge";

impl Nats {
    /// Stores `messages`, many of them at once where the server can, and answers up to where the stream has them.
    pub(in crate::bus) async fn publish(
        &self,
        messages: &[Message],
    ) -> Result<Option<Confirmed>, BusError> {
        self.health()?;
        if self.is_a_batch(messages)
            && let Some(confirmed) = self.publish_batch(messages).await?
        {
            return Ok(Some(confirmed));
        }
        self.publish_each(messages).await
    }

    /// Stores them one by one.
    async fn publish_each(&self, messages: &[Message]) -> Result<Option<Confirmed>, BusError> {
        let mut confirmations = Vec::with_capacity(messages.len());
        for message in messages {
            let (subject, headers, payload) = parts(message);
            let sent = self.context.publish_with_headers(subject, headers, payload);
            confirmations.push(taken(sent).await?.into_future());
        }
        let confirmed = try_join_all(confirmations).await;
        if confirmed.is_err() {
            // The stream may be gone: whoever tries again finds one.
            drop(self.stream().await);
        }
        let stored = confirmed.map_err(failed)?;
        let last = stored
            .iter()
            .zip(messages)
            .max_by_key(|(ack, _)| ack.sequence);
        Ok(last.map(|(ack, message)| Confirmed {
            created: self.created.load(Ordering::Relaxed),
            sequence: i64::try_from(ack.sequence).unwrap_or(i64::MAX),
            event: message.id.uuid(),
        }))
    }

    pub(in crate::bus) async fn nudge(&self, service: &str, holder: Uuid) {
        self.hint(nudge_subject(service, holder)).await;
    }

    /// It leaves before this answers: who says it is about to go.
    pub(in crate::bus) async fn nudge_all(&self, service: &str) {
        self.hint(nudge_all_subject(service)).await;
        drop(self.client.flush().await);
    }

    async fn hint(&self, subject: String) {
        // Lost or not: it is only a hint.
        drop(self.client.publish(subject, Vec::new().into()).await);
    }

    /// Calls `wake` whenever another process nudges the relay `holder` of `service`, or all of its relays. Never ends
    /// by itself.
    pub(in crate::bus) async fn on_nudge(&self, service: &str, holder: Uuid, wake: impl Fn()) {
        let subjects = [nudge_subject(service, holder), nudge_all_subject(service)];
        let subscribed = subjects.map(|subject| self.client.subscribe(subject));
        if let Ok(nudges) = try_join_all(subscribed).await {
            let mut nudges = select_all(nudges);
            while nudges.next().await.is_some() {
                wake();
            }
        }
    }
}

fn nudge_all_subject(service: &str) -> String {
    format!("{NUDGES}.{service}.all")
}

/// What a message is on its way.
pub(super) fn parts(message: &Message) -> (String, HeaderMap, Bytes) {
    let mut headers = HeaderMap::new();
    headers.insert(NATS_MESSAGE_ID, message.id.to_string());
    let payload = message.payload.as_bytes().to_vec().into();
    (subject_of(message.event_type), headers, payload)
}

/// Waits until the client has taken something to be sent.
pub(super) async fn taken<T, E: std::fmt::Display>(
    sent: impl Future<Output = Result<T, E>>,
) -> Result<T, BusError> {
    let sent = tokio::time::timeout(TAKEN_WITHIN, sent).await;
    sent.map_err(|_| failed("it takes nothing more"))?
        .map_err(failed)
}

fn nudge_subject(service: &str, holder: Uuid) -> String {
    format!("{NUDGES}.{service}.{}", holder.simple())
}

/// `order:created` travels as `tessera.order.created`.
pub(super) fn subject_of(event_type: EventType) -> String {
    format!("{PREFIX}{}", event_type.name().replace(':', "."))
}

/// The type that travels under this subject.
pub(super) fn type_of(subject: &str) -> Option<EventType> {
    let name = subject.strip_prefix(PREFIX)?.replacen('.', ":", 1);
    name.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_has_a_subject_and_is_known_by_it() {
        for event_type in EventType::ALL.iter().copied() {
            assert_eq!(type_of(&subject_of(event_type)), Some(event_type));
        }
        assert_eq!(subject_of(EventType::OrderCreated), "tessera.order.created");
        assert_eq!(type_of("tessera.order"), None);
        assert_eq!(type_of("other.order.created"), None);
    }
}
