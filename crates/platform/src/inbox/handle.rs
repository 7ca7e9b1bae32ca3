//! One event, or a batch, in one transaction.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::events::{Event, EventData, EventError};
use tessera_contracts::ids::EventId;

use super::account::Account;
use super::waves::waves;
use super::{Handlers, MOST_ATTEMPTS, SIGNAL, left};
use crate::bus::{Message, Opened};
use crate::consumer::{ConsumeError, Outcome};
use crate::db::{DbError, Param, Tx};
use crate::http::trace;
use crate::params;
use crate::session::ended;
use crate::telemetry::traces::Tracer;

// The model: services::take_in, Letters.
const RECEIVE: &str = "INSERT INTO inbox (event_id, state, received_at, attempts)
    VALUES ($1, 'done', $2, 0) ON CONFLICT (event_id) DO NOTHING";
/// Rows that go by one statement.
const RECEIVED_BY_ONE: usize = 64;
const RECORD: &str =
    "INSERT INTO inbox (event_id, state, received_at, attempts, retry_at, payload, error)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (event_id) DO NOTHING";

/// A message, opened.
pub(super) struct Letter {
    pub(super) id: EventId,
    pub(super) payload: Arc<str>,
    pub(super) event: Arc<Opened>,
    pub(super) account: Account,
}

impl Letter {
    pub(super) fn open(message: &Message, tracer: &Tracer) -> Letter {
        let (payload, event) = (message.payload.clone(), message.event().clone());
        Letter::new(message.id, payload, event, tracer)
    }

    pub(super) fn from_payload(id: EventId, payload: Arc<str>, tracer: &Tracer) -> Letter {
        let event = Arc::new(Event::from_json(&payload));
        Letter::new(id, payload, event, tracer)
    }

    fn new(id: EventId, payload: Arc<str>, event: Arc<Opened>, tracer: &Tracer) -> Letter {
        let account = Account::open(id, (*event).as_ref().ok(), tracer);
        Letter {
            id,
            payload,
            event,
            account,
        }
    }
}

pub(super) struct Batch {
    pub(super) letters: Vec<Letter>,
    pub(super) handlers: Arc<Handlers>,
    /// How often it was run.
    pub(super) runs: AtomicUsize,
}

/// Why a run over an event kept nothing.
#[derive(Debug, thiserror::Error)]
pub(super) enum Handled {
    #[error("the database failed: {0}")]
    Engine(DbError),
    #[error("the handler failed: {0}")]
    Failed(String),
    #[error("put off until {0}")]
    PutOff(Timestamp),
    #[error("rejected: {0}")]
    Rejected(String),
    #[error("{}", left::WORDS)]
    Unfollowed,
}

impl From<DbError> for Handled {
    fn from(error: DbError) -> Handled {
        if error.is_of_the_body() {
            Handled::Failed(error.to_string())
        } else {
            Handled::Engine(error)
        }
    }
}

/// In waves, so that the statements of events that have nothing to do with each other travel side by side. Should
/// something be in the way of that, the next run asks which events are new, and the one after it takes one after
/// another.
pub(super) async fn together(tx: &mut Tx, batch: &Batch) -> Result<(), Handled> {
    let mut new = match batch.runs.fetch_add(1, Ordering::Relaxed) {
        0 if tx.may_hope() => hope_for_all(tx, &batch.letters).await?,
        0 | 1 => receive_all(tx, &batch.letters).await?,
        _ => {
            for letter in &batch.letters {
                receive(tx, letter, &batch.handlers).await?;
            }
            return Ok(());
        }
    };
    for wave in waves(&batch.letters) {
        // Once: the same event may be in a batch twice.
        let (to_do, known): (Vec<&Letter>, Vec<&Letter>) =
            wave.iter().partition(|letter| new.remove(&letter.id));
        known.iter().for_each(|letter| letter.account.is_known());
        let each = to_do.into_iter().map(|letter| (letter, &*batch.handlers));
        let each: Vec<_> = each.collect();
        tx.side_by_side(&each, |tx, (letter, handlers)| {
            Box::pin(apply(tx, letter, handlers))
        })
        .await?;
    }
    Ok(())
}

/// Puts the rows of all events in place, in the hope that all of them are new: most are, and this waits for no
/// answer of its own.
async fn hope_for_all(tx: &mut Tx, letters: &[Letter]) -> Result<HashSet<EventId>, DbError> {
    // In the order of the letters, so that two replicas that have the same ones do not wait for each other.
    let mut ids: Vec<EventId> = letters.iter().map(|letter| letter.id).collect();
    ids.dedup();
    let all: HashSet<EventId> = ids.iter().copied().collect();
    // In parts of which there are few texts, as below.
    while let Some(power) = ids.len().checked_ilog2() {
        let count = RECEIVED_BY_ONE.min(1 << power);
        let some = ids.split_off(ids.len() - count);
        let some = some.into_iter().map(Param::from);
        let params: Vec<Param<'_>> = std::iter::once(Param::Time(tx.now())).chain(some).collect();
        tx.hope(&rows(count), &params).await?;
    }
    Ok(all)
}

/// Puts the rows of all events in place, and answers which of them are new.
async fn receive_all(tx: &mut Tx, letters: &[Letter]) -> Result<HashSet<EventId>, DbError> {
    let mut new = HashSet::new();
    for some in letters.chunks(RECEIVED_BY_ONE) {
        // There is a text for each power of two. It is filled up with what it has already.
        let count = some.len().next_power_of_two();
        let ids = some.iter().cycle().take(count);
        let ids = ids.map(|letter| Param::from(letter.id));
        let params: Vec<Param<'_>> = std::iter::once(Param::Time(tx.now())).chain(ids).collect();
        let new_ones = format!("{} {NEW_ONES}", rows(count));
        let received: Vec<(EventId,)> = tx.all(&new_ones, &params).await?;
        new.extend(received.into_iter().map(|(id,)| id));
    }
    Ok(new)
}

const NEW_ONES: &str = "ON CONFLICT (event_id) DO NOTHING RETURNING event_id";

fn rows(count: usize) -> String {
    let rows = (2..count + 2).map(|place| format!("(${place}, 'done', $1, 0)"));
    let rows = rows.collect::<Vec<_>>().join(", ");
    format!("INSERT INTO inbox (event_id, state, received_at, attempts) VALUES {rows}")
}

pub(super) async fn alone(tx: &mut Tx, batch: &Batch, index: usize) -> Result<(), Handled> {
    match batch.letters.get(index) {
        Some(letter) => receive(tx, letter, &batch.handlers).await,
        None => Ok(()),
    }
}

async fn receive(tx: &mut Tx, letter: &Letter, handlers: &Handlers) -> Result<(), Handled> {
    let now = tx.now();
    if tx.execute(RECEIVE, &params![letter.id, now]).await? == 0 {
        letter.account.is_known();
        return Ok(());
    }
    apply(tx, letter, handlers).await
}

/// Runs the handler of an event whose row is in place.
pub(super) async fn apply(
    tx: &mut Tx,
    letter: &Letter,
    handlers: &Handlers,
) -> Result<(), Handled> {
    letter.account.begins();
    let step = letter.account.step();
    tx.set_trace(step);
    trace::scope_within(step, handle(tx, letter, handlers)).await
}

async fn handle(tx: &mut Tx, letter: &Letter, handlers: &Handlers) -> Result<(), Handled> {
    let event = match &*letter.event {
        Ok(event) if handlers.wants(event.data.event_type()) => event,
        Ok(_) | Err(EventError::UnknownType(_)) => return Err(Handled::Unfollowed),
        Err(error) => return Err(Handled::Rejected(error.to_string())),
    };
    if let (EventData::SessionEnded(ended), Some(sessions)) = (&event.data, &handlers.sessions) {
        ended::record(tx, ended.sid, ended.until).await?;
        // Before the commit: if that fails, the event comes again.
        sessions.ended().insert(ended.sid, ended.until);
    }
    let wanted = |types: &[_]| types.contains(&event.data.event_type());
    let Some(consumer) = handlers
        .consumer
        .as_ref()
        .filter(|consumer| wanted(consumer.event_types()))
    else {
        return Ok(());
    };
    match consumer.handle(tx, event).await {
        Ok(Outcome::Done) => Ok(()),
        Ok(Outcome::Ignored(reason)) => {
            tracing::debug!(service = tx.owner(), event = %event.id, kind = event.data.event_type().name(), reason, "ignored");
            letter.account.is_ignored();
            Ok(())
        }
        Ok(Outcome::PutOff(moment)) => Err(Handled::PutOff(moment)),
        Ok(Outcome::Reject(reason)) => Err(Handled::Rejected(reason)),
        Err(ConsumeError::Db(error)) => Err(error.into()),
        Err(ConsumeError::Handler(error)) => Err(Handled::Failed(error)),
    }
}

/// Keeps an event that was not handled, for the retry worker or for an operator.
pub(super) async fn record(
    tx: &mut Tx,
    batch: &Batch,
    index: usize,
    verdict: &Handled,
) -> Result<(), DbError> {
    let Some(letter) = batch.letters.get(index) else {
        return Ok(());
    };
    let row = Kept::after(verdict, 0, tx.now(), tx.now());
    let params = params![
        letter.id,
        row.state,
        tx.now(),
        row.attempts,
        row.retry_at,
        storable(&letter.payload),
        row.error
    ];
    tx.execute(RECORD, &params).await?;
    tx.wake(SIGNAL);
    Ok(())
}

/// The columns of an event that is kept.
pub(super) struct Kept {
    pub(super) state: &'static str,
    pub(super) attempts: i64,
    pub(super) retry_at: Option<Timestamp>,
    pub(super) error: Param<'static>,
}

impl Kept {
    /// What `verdict` makes of an event that came at `received_at`, with so many failed tries behind it.
    pub(super) fn after(
        verdict: &Handled,
        attempts: i64,
        received_at: Timestamp,
        now: Timestamp,
    ) -> Kept {
        let error = Param::from(storable(&verdict.to_string()));
        let soon = now.checked_add(backoff(1)).ok();
        match verdict {
            Handled::PutOff(moment) => Kept {
                state: "retry",
                attempts,
                // A moment that has come already must not make the worker spin.
                retry_at: Some(*moment).filter(|moment| *moment > now).or(soon),
                error: Param::Null,
            },
            Handled::Rejected(_) => Kept {
                state: "dead",
                attempts,
                retry_at: None,
                error,
            },
            // Nothing has failed: no try is counted.
            Handled::Unfollowed => {
                let retry_at = left::next_look(received_at, now);
                Kept {
                    state: if retry_at.is_some() { "retry" } else { "dead" },
                    attempts,
                    retry_at,
                    error,
                }
            }
            Handled::Engine(_) => Kept {
                state: "retry",
                attempts,
                retry_at: Some(now),
                error,
            },
            Handled::Failed(_) if attempts + 1 >= MOST_ATTEMPTS => Kept {
                state: "dead",
                attempts: attempts + 1,
                retry_at: None,
                error,
            },
            Handled::Failed(_) => {
                let attempts = attempts + 1;
                let retry_at = now
                    .saturating_add(backoff(attempts))
                    .unwrap_or(Timestamp::MAX);
                Kept {
                    state: "retry",
                    attempts,
                    retry_at: Some(retry_at),
                    error,
                }
            }
        }
    }
}

/// PostgreSQL keeps no U+0000 in a text. JSON has none either, so that nothing readable is lost by this.
pub(super) fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// 0.2 s after the first failure, twice as long after each further one, at most 5 minutes.
fn backoff(attempts: i64) -> SignedDuration {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(16);
    let millis = 200_i64.saturating_mul(1 << doublings);
    SignedDuration::from_millis(millis).min(SignedDuration::from_mins(5))
}
