//! The table `deleted_users`: the sellers who are gone.

use tessera_contracts::{TicketId, UserId};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::params;
use uuid::Uuid;

const ADD: &str = "INSERT INTO deleted_users (user_id, swept_to) VALUES ($1, $2)
    ON CONFLICT (user_id) DO NOTHING";
const FIND: &str = "SELECT 1 FROM deleted_users WHERE user_id = $1";
const UNSWEPT: &str = "SELECT user_id, swept_to FROM deleted_users
    WHERE swept_at IS NULL ORDER BY user_id LIMIT 1";
const SWEPT_TO: &str = "UPDATE deleted_users SET swept_to = $2
    WHERE user_id = $1 AND swept_to = $3 AND swept_at IS NULL";
const SWEPT: &str =
    "UPDATE deleted_users SET swept_at = $2 WHERE user_id = $1 AND swept_at IS NULL";

/// Remembers that a user is gone: `false` when that was known.
pub async fn add(tx: &mut Tx, user: UserId) -> Result<bool, DbError> {
    Ok(tx.execute(ADD, &params![user, Uuid::nil()]).await? == 1)
}

/// Whether a user is gone.
pub async fn is_gone(tx: &mut Tx, user: UserId) -> Result<bool, DbError> {
    let found: Option<(i64,)> = tx.opt(FIND, &params![user]).await?;
    Ok(found.is_some())
}

/// A user whose listings are not all withdrawn yet, and the last one that was looked at.
pub async fn unswept(tx: &mut Tx) -> Result<Option<(UserId, TicketId)>, DbError> {
    tx.opt(UNSWEPT, &[]).await
}

/// Notes how far a user's listings are looked at: `false` when somebody else did so meanwhile.
pub async fn swept_to(
    tx: &mut Tx,
    user: UserId,
    from: TicketId,
    to: TicketId,
) -> Result<bool, DbError> {
    Ok(tx.execute(SWEPT_TO, &params![user, to, from]).await? == 1)
}

/// Notes that all of them are.
pub async fn swept(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    let now = tx.now();
    tx.later(SWEPT, &params![user, now]).await
}
