//! Deletes rows that have not waited for a long time, a portion at a time.

use jiff::{SignedDuration, Timestamp};
use tessera_platform::BoxFuture;
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Tx};
use tessera_platform::retention::INBOX_DAYS;
use tessera_platform::worker::{Next, Worker, WorkerError};

use crate::store;

const EVERY: SignedDuration = SignedDuration::from_mins(10);

/// As long as the inbox knows that an event was done: no outbox can repeat one that old.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * INBOX_DAYS);

/// The worker that prunes deadlines.
pub struct Prune {
    db: Db,
    clock: Clock,
}

impl Prune {
    /// Prunes the deadlines in `db`.
    pub fn new(db: Db, clock: Clock) -> Prune {
        Prune { db, clock }
    }

    async fn step(&self) -> Result<Next, WorkerError> {
        let more = self.db.write_bulk((), |tx, ()| Box::pin(prune(tx))).await?;
        let later = self.clock.now().saturating_add(EVERY);
        Ok(if more {
            Next::Again
        } else {
            Next::At(later.unwrap_or(Timestamp::MAX))
        })
    }
}

async fn prune(tx: &mut Tx) -> Result<bool, DbError> {
    let long_ago = tx.now().saturating_sub(KEPT);
    store::prune(tx, long_ago.unwrap_or(Timestamp::MIN)).await
}

impl Worker for Prune {
    fn name(&self) -> &'static str {
        "prune-deadlines"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.step())
    }
}
