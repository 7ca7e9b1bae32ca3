//! The stream: made where there is none, and looked at where there is one.

use std::sync::atomic::Ordering;
use std::time::Duration;

use async_nats::datetime::DateTime;
use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::stream::{
    Config, RawMessageErrorKind, RetentionPolicy, StorageType, Stream,
};

use super::{Nats, PREFIX, STREAM, connect, failed};
use crate::bus::{BusError, Confirmed};
use crate::retention::OUTBOX_DAYS;

/// As long as the outboxes can fill it again: what is older is in every inbox.
const KEPT: Duration = Duration::from_secs(OUTBOX_DAYS as u64 * 24 * 60 * 60);

/// A relay that died publishes its batch again within this time. Later duplicates are the inboxes' work.
const DUPLICATES: Duration = Duration::from_secs(120);

impl Nats {
    /// The stream, made if there is none.
    ///
    /// # Errors
    /// When there is one that would lose events.
    pub(super) async fn stream(&self) -> Result<Stream, BusError> {
        self.health()?;
        connect::refuse_old(&self.client.server_info().version)?;
        let wanted = self.wanted();
        let stream = self.context.get_or_create_stream(wanted.clone());
        let stream = stream.await.map_err(failed)?;
        let info = stream.cached_info();
        compare(&wanted, &info.config)?;
        self.created
            .store(micros_of(info.created), Ordering::Relaxed);
        let takes_batches = info.config.allow_atomic_publish
            || (wanted.allow_atomic_publish && self.let_batches_in(&info.config).await);
        self.takes_batches.store(takes_batches, Ordering::Relaxed);
        Ok(stream)
    }

    /// A stream that an older server made, or somebody by hand, takes messages one by one until it is told otherwise.
    async fn let_batches_in(&self, found: &Config) -> bool {
        let changed = Config {
            allow_atomic_publish: true,
            ..found.clone()
        };
        match self.context.update_stream(changed).await {
            Ok(info) => info.config.allow_atomic_publish,
            Err(error) => {
                // Asked again with each look at the stream, so not louder.
                tracing::debug!("the stream {STREAM} takes no batches (allow_atomic): {error}");
                false
            }
        }
    }

    /// Whether the message that was confirmed is in its place. It is not where the store was made anew, or
    /// went back and was written on. What the stream has let go for its age, it had.
    pub(in crate::bus) async fn still_has(&self, confirmed: &Confirmed) -> Result<bool, BusError> {
        let stream = self.stream().await?;
        let info = stream.cached_info();
        let sequence = u64::try_from(confirmed.sequence).unwrap_or(0);
        if micros_of(info.created) != confirmed.created || info.state.last_sequence < sequence {
            return Ok(false);
        }
        if sequence < info.state.first_sequence {
            return Ok(true);
        }
        holds(&stream, confirmed).await
    }

    /// Whether the message that was confirmed is in its place, asked in one request: cheap enough for each batch. What
    /// the stream has let go for its age is not.
    pub(in crate::bus) async fn is_in_place(
        &self,
        confirmed: &Confirmed,
    ) -> Result<bool, BusError> {
        let stream = self.context.get_stream_no_info(STREAM).await;
        holds(&stream.map_err(failed)?, confirmed).await
    }

    pub(super) fn wanted(&self) -> Config {
        Config {
            name: STREAM.to_owned(),
            description: Some("What the services of Tessera publish".to_owned()),
            subjects: vec![format!("{PREFIX}>")],
            storage: StorageType::File,
            retention: RetentionPolicy::Limits,
            num_replicas: self.settings.replicas.get().into(),
            max_age: KEPT,
            duplicate_window: DUPLICATES,
            allow_atomic_publish: connect::takes_batches(&self.client.server_info().version),
            ..Config::default()
        }
    }
}

async fn holds<I>(stream: &Stream<I>, confirmed: &Confirmed) -> Result<bool, BusError> {
    let sequence = u64::try_from(confirmed.sequence).unwrap_or(0);
    match stream.get_raw_message(sequence).await {
        Ok(message) => {
            let id = message.headers.get(NATS_MESSAGE_ID);
            Ok(id.is_some_and(|id| id.as_str() == confirmed.event.to_string()))
        }
        Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

fn micros_of(time: DateTime) -> i64 {
    i64::try_from(time.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX)
}

/// Refuses a stream that would lose events.
fn compare(wanted: &Config, found: &Config) -> Result<(), BusError> {
    let wrong = [
        ("storage", found.storage != wanted.storage),
        ("retention", found.retention != wanted.retention),
        ("subjects", found.subjects != wanted.subjects),
        ("no_ack", found.no_ack),
        ("sealed", found.sealed),
    ];
    if let Some((setting, _)) = wrong.iter().find(|(_, wrong)| *wrong) {
        return Err(failed(format!(
            "the stream {STREAM} has another {setting} than Tessera needs: look at it with `nats stream info {STREAM}`"
        )));
    }
    Ok(())
}

/// What makes another difference is for its operator to know.
pub(super) fn note(wanted: &Config, found: &Config) {
    let remarkable = [
        ("num_replicas", found.num_replicas < wanted.num_replicas),
        (
            "max_age",
            !found.max_age.is_zero() && found.max_age < wanted.max_age,
        ),
        ("max_msgs", found.max_messages > 0),
        ("max_bytes", found.max_bytes > 0),
    ];
    for (setting, _) in remarkable.iter().filter(|(_, less)| *less) {
        tracing::warn!("the stream {STREAM} keeps less than Tessera asks for: {setting}");
    }
}
