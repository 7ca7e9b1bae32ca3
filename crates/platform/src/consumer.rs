//! What a service does with the events that it follows.

use jiff::Timestamp;
use tessera_contracts::events::{Event, EventType};

use crate::BoxFuture;
use crate::db::{DbError, Tx};

/// A service's side of the inbox: one transaction per event, in whose commit the event counts as
/// done. It never calls the network: it records an intent that a worker carries out.
pub trait Consumer: Send + Sync + 'static {
    /// The events that it follows.
    fn event_types(&self) -> &'static [EventType];

    /// Applies one event. It may be called again after a failure, later than events that are
    /// newer, and with an event older than what it has.
    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<Outcome, ConsumeError>>;
}

/// What became of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It had its effect.
    Done,
    /// It rightly had none, for this reason: it was old, or its transition is not one.
    Ignored(&'static str),
    /// It comes too early: nothing is kept of this run, and it is handled again at that moment.
    PutOff(Timestamp),
    /// It can never be handled: nothing is kept of this run, and it becomes a dead letter.
    Reject(String),
}

/// A failure to handle an event: it is rolled back and retried.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The handler did.
    #[error("{0}")]
    Handler(String),
}
