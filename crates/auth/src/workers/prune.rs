//! Deletes sessions that are of no use to anyone, a portion at a time.

use jiff::{SignedDuration, Timestamp};
use tessera_platform::BoxFuture;
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Tx};
use tessera_platform::worker::{Next, Worker, WorkerError};

use crate::domain::last_use_too_old;
use crate::store::sessions;

const EVERY: SignedDuration = SignedDuration::from_mins(10);

/// How long an ended session is still shown to its user.
const SHOWN: SignedDuration = SignedDuration::from_hours(24);

/// The worker that prunes sessions.
pub struct Prune {
    db: Db,
    clock: Clock,
}

impl Prune {
    /// Prunes the sessions in `db`.
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
    let now = tx.now();
    let ended = now.saturating_sub(SHOWN).unwrap_or(Timestamp::MIN);
    sessions::prune(tx, last_use_too_old(now), ended).await
}

impl Worker for Prune {
    fn name(&self) -> &'static str {
        "prune-sessions"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.step())
    }
}
