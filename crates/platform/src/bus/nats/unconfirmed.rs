//! What the stream still has for a service, for whoever looks from outside: it takes nothing from anybody.

use std::time::Duration;

use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy};
use async_nats::jetstream::context::GetStreamErrorKind;
use async_nats::jetstream::stream::Stream;
use futures_util::StreamExt;
use tessera_contracts::events::EventType;
use uuid::Uuid;

use super::consumer::{filters, info};
use super::publish::subject_of;
use super::{Nats, STREAM, failed};
use crate::bus::BusError;

/// Messages asked for at once.
const AT_ONCE: usize = 5_000;

/// The server forgets by itself who has not asked for so long.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(30);

const NO_STREAM: u64 = 10_059;

impl Nats {
    /// The events that the consumer of `service` has not confirmed: those that wait, those under way, and some
    /// that were confirmed before an earlier one was. Where it has no consumer yet, all that it `follows`.
    pub async fn unconfirmed(
        &self,
        service: &str,
        follows: &[EventType],
    ) -> Result<Vec<Uuid>, BusError> {
        let stream = match self.context.get_stream(STREAM).await {
            Ok(stream) => stream,
            Err(error) if is_missing(error.kind()) => return Ok(Vec::new()),
            Err(error) => return Err(failed(error)),
        };
        let (from, filters) = match info(&stream, service).await? {
            Some(info) if info.num_pending == 0 && info.num_ack_pending == 0 => {
                return Ok(Vec::new());
            }
            Some(info) => (info.ack_floor.stream_sequence + 1, filters(&info.config)),
            None => (1, follows.iter().copied().map(subject_of).collect()),
        };
        let onlooker = onlooker(&stream, from, filters).await?;
        let ids = read_ids(&onlooker).await;
        // Or the server forgets it by itself.
        drop(stream.delete_consumer(&onlooker.cached_info().name).await);
        ids
    }
}

fn is_missing(kind: GetStreamErrorKind) -> bool {
    matches!(kind, GetStreamErrorKind::JetStream(error) if error.error_code().0 == NO_STREAM)
}

async fn onlooker(
    stream: &Stream,
    from: u64,
    filters: Vec<String>,
) -> Result<Consumer<Config>, BusError> {
    let config = Config {
        deliver_policy: DeliverPolicy::ByStartSequence {
            start_sequence: from,
        },
        ack_policy: AckPolicy::None,
        filter_subjects: filters,
        headers_only: true,
        memory_storage: true,
        num_replicas: 1,
        inactive_threshold: FORGOTTEN_AFTER,
        ..Config::default()
    };
    stream.create_consumer(config).await.map_err(failed)
}

async fn read_ids(onlooker: &Consumer<Config>) -> Result<Vec<Uuid>, BusError> {
    // Those that come in meanwhile are not waited for.
    let mut left = onlooker.cached_info().num_pending;
    let mut ids = Vec::new();
    while left > 0 {
        let fetched = onlooker.fetch().max_messages(AT_ONCE).messages().await;
        let mut fetched = fetched.map_err(failed)?;
        let before = left;
        while let Some(message) = fetched.next().await {
            let message = message.map_err(failed)?;
            let headers = message.headers.as_ref();
            let id = headers.and_then(|headers| headers.get(NATS_MESSAGE_ID));
            ids.extend(id.and_then(|id| id.as_str().parse::<Uuid>().ok()));
            left = left.saturating_sub(1);
        }
        if left == before {
            break;
        }
    }
    Ok(ids)
}
