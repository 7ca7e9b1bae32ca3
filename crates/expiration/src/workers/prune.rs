//! Deletes rows that have not waited for a long time, a portion at a time.

use jiff::{SignedDuration, Timestamp};
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Tx};
use tessera_platform::pruner::Pruner;
use tessera_platform::retention::INBOX_DAYS;

use crate::store;

/// As long as the inbox knows that an event was done: no outbox can repeat one that old.
const KEPT: SignedDuration = SignedDuration::from_hours(24 * INBOX_DAYS);

/// The worker that prunes them.
pub fn prune_deadlines(db: Db, clock: Clock) -> Pruner {
    Pruner::new("prune-deadlines", db, clock, |tx| Box::pin(prune(tx)))
}

async fn prune(tx: &mut Tx) -> Result<bool, DbError> {
    let long_ago = tx.now().saturating_sub(KEPT);
    store::prune(tx, long_ago.unwrap_or(Timestamp::MIN)).await
}
