//! The sessions that ended before their tokens did: signed out, or their password changed.
//!
//! Every service keeps them in a table of its own, until no token of theirs can count any more,
//! and in memory, where each request looks. The table is written in the transaction of the
//! `session:ended` event; memory only ever learns more than the table, never less. What another
//! process of the same service has written, [`super::FollowEnded`] reads.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use parking_lot::RwLock;
use tessera_contracts::ids::SessionId;

use crate::db::{Db, DbError, Tx};
use crate::params;

/// The table, for the migrations of every service that takes requests.
pub const MIGRATION: &str = "\
CREATE TABLE ended_sessions (
    sid uuid PRIMARY KEY,
    until timestamptz NOT NULL
);
CREATE INDEX ended_sessions_until ON ended_sessions (until);
";

/// How many rows one statement reads or deletes.
const BATCH: i64 = 1_000;

/// The ended sessions in memory. Cheap to clone; clones share the set.
#[derive(Clone, Debug, Default)]
pub struct Ended(Arc<RwLock<HashMap<SessionId, Timestamp>>>);

impl Ended {
    /// Reads the table, at the start.
    pub async fn load(db: &Db) -> Result<Ended, DbError> {
        const SQL: &str =
            "SELECT sid, until FROM ended_sessions WHERE sid > $1 ORDER BY sid LIMIT $2";
        let mut all = HashMap::new();
        let mut last = SessionId::from(uuid::Uuid::nil());
        loop {
            let rows: Vec<(SessionId, Timestamp)> = db.list(SQL, &params![last, BATCH]).await?;
            let Some((highest, _)) = rows.last() else {
                break;
            };
            last = *highest;
            all.extend(rows);
        }
        Ok(Ended(Arc::new(RwLock::new(all))))
    }

    /// Whether the session has ended.
    pub fn contains(&self, sid: SessionId) -> bool {
        self.0.read().contains_key(&sid)
    }

    /// Makes the session's tokens count for nothing in this process, from now on. Without
    /// [`record`] in a transaction this lasts until the next start only.
    pub fn insert(&self, sid: SessionId, until: Timestamp) {
        self.0.write().insert(sid, until);
    }

    /// Forgets the sessions whose tokens have all run out by `now`.
    pub fn forget_past(&self, now: Timestamp) {
        self.0.write().retain(|_, until| *until > now);
    }
}

/// Notes, for this start and later ones, that the session ended; no token of it counts past `until`.
/// Follow it, once committed, with [`Ended::insert`].
pub async fn record(tx: &mut Tx, sid: SessionId, until: Timestamp) -> Result<(), DbError> {
    const SQL: &str = "INSERT INTO ended_sessions (sid, until, seen_at) VALUES ($1, $2, $3)
        ON CONFLICT (sid) DO NOTHING";
    let now = tx.now();
    tx.execute(SQL, &params![sid, until, now]).await.map(drop)
}

/// A session that ended, and when the table was told: the rows are read in this order.
pub(super) type Seen = (Timestamp, SessionId, Timestamp);

/// Some of those that the table was told of after `moment`, or at it and with an id above `sid`.
pub(super) async fn seen_after(
    db: &Db,
    moment: Timestamp,
    sid: SessionId,
) -> Result<Vec<Seen>, DbError> {
    const SQL: &str = "SELECT seen_at, sid, until FROM ended_sessions
        WHERE (seen_at, sid) > ($1, $2) ORDER BY seen_at, sid LIMIT $3";
    db.list(SQL, &params![moment, sid, BATCH]).await
}

/// Deletes a batch of those whose tokens have all run out. Answers whether there may be more.
pub async fn prune(tx: &mut Tx) -> Result<bool, DbError> {
    const SQL: &str = "DELETE FROM ended_sessions WHERE sid IN
        (SELECT sid FROM ended_sessions WHERE until <= $1 ORDER BY until LIMIT $2) AND until <= $1";
    let now = tx.now();
    let deleted = tx.execute(SQL, &params![now, BATCH]).await?;
    Ok(deleted == BATCH.unsigned_abs())
}
