//! Deletes sessions that are of no use to anyone, a portion at a time.

use jiff::{SignedDuration, Timestamp};
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Tx};
use tessera_platform::pruner::Pruner;

use crate::domain::last_use_too_old;
use crate::store::sessions;

/// How long an ended session is still shown to its user.
const SHOWN: SignedDuration = SignedDuration::from_hours(24);

/// The worker that prunes them.
pub fn prune_sessions(db: Db, clock: Clock) -> Pruner {
    Pruner::new("prune-sessions", db, clock, |tx| Box::pin(prune(tx)))
}

async fn prune(tx: &mut Tx) -> Result<bool, DbError> {
    let now = tx.now();
    let ended = now.saturating_sub(SHOWN).unwrap_or(Timestamp::MIN);
    sessions::prune(tx, last_use_too_old(now), ended).await
}
