//! The table `sessions`.

use jiff::Timestamp;
use tessera_contracts::{SessionId, UserId};
use tessera_platform::db::{Db, DbError, FromRow, Row, Tx};
use tessera_platform::params;
use tessera_platform::session::User as Caller;

use crate::domain::{MOST_SESSIONS, Session, last_use_too_old};

// The columns are read in this order.
const FIND: &str = "SELECT id, user_id, created_at, last_used_at, ended_at
    FROM sessions WHERE id = $1 AND user_id = $2";
const LIST: &str = "SELECT id, user_id, created_at, last_used_at, ended_at
    FROM sessions WHERE user_id = $1 ORDER BY last_used_at DESC, id DESC LIMIT 10000";
const IS_THERE: &str = "SELECT 1 FROM sessions WHERE id = $1";
const INSERT: &str = "INSERT INTO sessions (id, user_id, created_at, last_used_at)
    VALUES ($1, $2, $3, $4)";
const USE: &str = "UPDATE sessions SET last_used_at = $3
    WHERE id = $1 AND user_id = $2 AND ended_at IS NULL AND last_used_at > $4";
const END: &str = "UPDATE sessions SET ended_at = $3
    WHERE id = $1 AND user_id = $2 AND ended_at IS NULL AND last_used_at > $4";
const END_ALL: &str = "UPDATE sessions SET ended_at = $2
    WHERE user_id = $1 AND ended_at IS NULL AND id <> $3 RETURNING id";
// In this and those below, the second look is for a row that another transaction changes meanwhile.
const END_BEYOND: &str = "UPDATE sessions SET ended_at = $2 WHERE id IN (
        SELECT id FROM sessions WHERE user_id = $1 AND ended_at IS NULL
        ORDER BY last_used_at DESC, id DESC LIMIT 1000 OFFSET $3)
    AND ended_at IS NULL RETURNING id";
const PRUNE_IDLE: &str = "DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE last_used_at <= $1 ORDER BY last_used_at LIMIT 500)
    AND last_used_at <= $1";
const PRUNE_ENDED: &str = "DELETE FROM sessions WHERE id IN (
    SELECT id FROM sessions WHERE ended_at <= $1 ORDER BY ended_at LIMIT 500)
    AND ended_at <= $1";

/// How many rows one round of pruning takes of each kind, as its statements say.
const PORTION: u64 = 500;

impl FromRow for Session {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(Session {
            id: row.next()?,
            user_id: row.next()?,
            created_at: row.next()?,
            last_used_at: row.next()?,
            ended_at: row.next()?,
        })
    }
}

/// The session that somebody came with, if it is kept.
pub async fn find(db: &Db, caller: Caller) -> Result<Option<Session>, DbError> {
    db.opt(FIND, &params![caller.sid, caller.id]).await
}

/// The sessions of a user that are kept, the one used last first.
pub async fn list(db: &Db, user: UserId) -> Result<Vec<Session>, DbError> {
    db.list(LIST, &params![user]).await
}

/// Adds a session that begins.
pub async fn insert(tx: &mut Tx, session: &Session) -> Result<(), DbError> {
    let Session {
        id,
        user_id,
        created_at,
        last_used_at,
        ended_at: _,
    } = *session;
    let params = params![id, user_id, created_at, last_used_at];
    tx.witness_by(IS_THERE, id.uuid());
    tx.execute(INSERT, &params).await.map(drop)
}

/// Notes that a session is used now: `false` when it does not live.
pub async fn use_now(tx: &mut Tx, caller: Caller) -> Result<bool, DbError> {
    let now = tx.now();
    let params = params![caller.sid, caller.id, now, last_use_too_old(now)];
    Ok(tx.execute(USE, &params).await? == 1)
}

/// Ends a session: `false` when it does not live.
pub async fn end(tx: &mut Tx, caller: Caller) -> Result<bool, DbError> {
    let now = tx.now();
    let params = params![caller.sid, caller.id, now, last_use_too_old(now)];
    Ok(tx.execute(END, &params).await? == 1)
}

/// Ends all sessions of a user but `kept`, and answers which.
pub async fn end_all_but(
    tx: &mut Tx,
    user: UserId,
    kept: Option<SessionId>,
) -> Result<Vec<SessionId>, DbError> {
    let now = tx.now();
    let kept = kept.map_or(uuid::Uuid::nil(), SessionId::uuid);
    let ended = tx.all(END_ALL, &params![user, now, kept]).await?;
    Ok(in_order(ended))
}

/// Ends those that a user has too many, the least lately used, and answers which.
pub async fn end_beyond_most(tx: &mut Tx, user: UserId) -> Result<Vec<SessionId>, DbError> {
    let now = tx.now();
    let params = params![user, now, MOST_SESSIONS];
    Ok(in_order(tx.all(END_BEYOND, &params).await?))
}

/// Deletes one portion of the sessions that were used last at `idle` or ended at `ended`, or before.
/// Answers whether there may be more.
pub async fn prune(tx: &mut Tx, idle: Timestamp, ended: Timestamp) -> Result<bool, DbError> {
    let idle = tx.execute(PRUNE_IDLE, &params![idle]).await?;
    let ended = tx.execute(PRUNE_ENDED, &params![ended]).await?;
    Ok(idle == PORTION || ended == PORTION)
}

/// In the order in which they began, whatever order the engine answers in.
fn in_order(rows: Vec<(SessionId,)>) -> Vec<SessionId> {
    let mut ids: Vec<SessionId> = rows.into_iter().map(|(id,)| id).collect();
    ids.sort_unstable();
    ids
}
