//! A service's place in the stream: one durable consumer, of which each of its processes takes a share.
//!
//! While a new version is rolled out, processes that follow different events share it. So the subjects that it
//! lets through only ever grow: none takes one away because it does not follow it itself. What nobody follows
//! any more is taken out by hand, with `nats consumer edit`.

use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{
    AckPolicy, Config as Found, Consumer, DeliverPolicy, FromConsumer, Info,
};
use async_nats::jetstream::context::ConsumerInfoErrorKind;
use async_nats::jetstream::stream::{
    ConsumerCreateStrictErrorKind, ConsumerUpdateErrorKind, Stream,
};
use tessera_contracts::events::EventType;

use super::publish::subject_of;
use super::{Nats, failed};
use crate::bus::BusError;

/// Processes of several versions may start at the same time, and each change what another has just written.
const TRIES: usize = 5;

impl Nats {
    /// The consumer of `service`, which lets through at least what it `follows`. A new one begins with the
    /// first event that the stream has: the inbox knows those that were handled.
    pub(super) async fn consumer(
        &self,
        service: &str,
        follows: &[EventType],
    ) -> Result<Consumer<Config>, BusError> {
        let stream = self.stream().await?;
        let subjects: Vec<String> = follows.iter().copied().map(subject_of).collect();
        for _try in 0..TRIES {
            let settled = match info(&stream, service).await? {
                None => make(&stream, service, &subjects).await?,
                Some(found) => bring_up_to_date(&stream, found, &subjects).await?,
            };
            if settled {
                return stream.get_consumer(service).await.map_err(failed);
            }
        }
        Err(failed(format!(
            "the consumer {service} changes all the time"
        )))
    }

    /// Whether the consumer of `service` lets through all that it `follows`.
    pub(super) async fn lets_through(
        &self,
        service: &str,
        follows: &[EventType],
    ) -> Result<bool, BusError> {
        let found = info(&self.stream().await?, service).await?;
        let let_through = found.map(|info| filters(&info.config));
        Ok(let_through.is_some_and(|filters| {
            let mut subjects = follows.iter().copied().map(subject_of);
            subjects.all(|subject| is_covered(&filters, &subject))
        }))
    }

    /// How many events the consumer of `service` has not confirmed: those that wait, and those under way.
    pub(in crate::bus) async fn pending(&self, service: &str) -> Result<Option<u64>, BusError> {
        let found = info(&self.stream().await?, service).await?;
        let under_way = |info: &Info| u64::try_from(info.num_ack_pending).unwrap_or(u64::MAX);
        Ok(found.map(|info| info.num_pending.saturating_add(under_way(&info))))
    }
}

pub(super) async fn info(stream: &Stream, service: &str) -> Result<Option<Info>, BusError> {
    match stream.consumer_info(service).await {
        Ok(info) => Ok(Some(info)),
        Err(error) if error.kind() == ConsumerInfoErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed(error)),
    }
}

/// Answers whether it is there as it was wanted; it is not where another process was quicker.
async fn make(stream: &Stream, service: &str, subjects: &[String]) -> Result<bool, BusError> {
    let wanted = ours(Config {
        durable_name: Some(service.to_owned()),
        deliver_policy: DeliverPolicy::All,
        ack_policy: AckPolicy::Explicit,
        filter_subjects: subjects.to_vec(),
        ..Config::default()
    });
    match stream.create_consumer_strict(wanted).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ConsumerCreateStrictErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// Adds what it does not let through yet. Answers whether there was nothing to do: what was written is looked
/// at again, since another process may have written at the same moment.
async fn bring_up_to_date(
    stream: &Stream,
    found: Info,
    subjects: &[String],
) -> Result<bool, BusError> {
    let mut filters = filters(&found.config);
    let missing: Vec<&String> = subjects
        .iter()
        .filter(|subject| !is_covered(&filters, subject))
        .collect();
    let is_ours = has_ours(&found.config);
    if missing.is_empty() && is_ours {
        return Ok(true);
    }
    if !missing.is_empty() {
        tracing::info!(service = found.name, added = ?missing, "the consumer lets more events through");
        filters.extend(missing.into_iter().cloned());
    }
    let wanted = Config::try_from_consumer_config(found.config).map_err(failed)?;
    let wanted = ours(Config {
        filter_subject: String::new(),
        filter_subjects: filters,
        ..wanted
    });
    match stream.update_consumer(wanted).await {
        Ok(_) => Ok(false),
        Err(error) if error.kind() == ConsumerUpdateErrorKind::DoesNotExist => Ok(false),
        Err(error) => Err(failed(error)),
    }
}

/// What the code of this version rests on.
fn ours(config: Config) -> Config {
    Config {
        ack_wait: super::intake::SILENT_FOR,
        max_ack_pending: super::intake::UNDER_WAY,
        max_deliver: -1,
        ..config
    }
}

fn has_ours(found: &Found) -> bool {
    found.ack_wait == super::intake::SILENT_FOR
        && found.max_ack_pending == super::intake::UNDER_WAY
        && found.max_deliver == -1
}

/// The subjects that a consumer lets through; none means all.
pub(super) fn filters(found: &Found) -> Vec<String> {
    let one = Some(&found.filter_subject).filter(|subject| !subject.is_empty());
    one.into_iter()
        .chain(&found.filter_subjects)
        .cloned()
        .collect()
}

/// Whether a consumer with these filters lets `subject` through. An operator may have written wildcards.
fn is_covered(filters: &[String], subject: &str) -> bool {
    filters.is_empty() || filters.iter().any(|filter| matches(filter, subject))
}

fn matches(filter: &str, subject: &str) -> bool {
    let (mut wanted, mut found) = (filter.split('.'), subject.split('.'));
    loop {
        match (wanted.next(), found.next()) {
            (Some(">"), Some(_)) | (None, None) => return true,
            (Some(token), Some(word)) if token == "*" || token == word => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_let_through_by_itself_by_a_wildcard_and_where_nothing_is_left_out() {
        let covered = |filter: &str| is_covered(&[filter.to_owned()], "tessera.order.created");
        for good in [
            "tessera.order.created",
            "tessera.>",
            "tessera.*.created",
            ">",
        ] {
            assert!(covered(good), "{good}");
        }
        for other in [
            "tessera.order",
            "tessera.order.created.>",
            "tessera.order.*.x",
            "*",
        ] {
            assert!(!covered(other), "{other}");
        }
        assert!(is_covered(&[], "tessera.order.created"));
    }
}
