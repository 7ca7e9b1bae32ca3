//! Dead letters: events that no try could handle, kept for an operator.

use jiff::Timestamp;
use tessera_contracts::ids::EventId;

use super::SIGNAL;
use crate::db::{Db, DbError, FromRow, Row, Tx};
use crate::params;

const LIST: &str = "SELECT event_id, received_at, attempts, payload, error FROM inbox
    WHERE state = 'dead' ORDER BY event_id LIMIT $1";
const RETRY: &str = "UPDATE inbox SET state = 'retry', attempts = 0, retry_at = $2
    WHERE event_id = $1 AND state = 'dead'";

/// An event that a service gave up on.
#[derive(Clone, Debug)]
pub struct DeadLetter {
    /// The event.
    pub id: EventId,
    /// When it was first received.
    pub received_at: Timestamp,
    /// How often it failed.
    pub attempts: i64,
    /// Its envelope, as JSON.
    pub payload: String,
    /// The last error.
    pub error: String,
}

impl FromRow for DeadLetter {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(DeadLetter {
            id: row.next()?,
            received_at: row.next()?,
            attempts: row.next()?,
            payload: row.next()?,
            error: row.next::<Option<String>>()?.unwrap_or_default(),
        })
    }
}

/// The oldest dead letters, `limit` at most.
pub async fn list_dead(db: &Db, limit: u32) -> Result<Vec<DeadLetter>, DbError> {
    db.list(LIST, &params![limit]).await
}

/// Lets a dead letter be tried again from the start; `false` when there is no such one.
pub async fn retry_dead(db: &Db, id: EventId) -> Result<bool, DbError> {
    db.write(id, |tx, id| Box::pin(revive(tx, *id))).await
}

async fn revive(tx: &mut Tx, id: EventId) -> Result<bool, DbError> {
    let now = tx.now();
    tx.wake(SIGNAL);
    Ok(tx.execute(RETRY, &params![id, now]).await? == 1)
}
