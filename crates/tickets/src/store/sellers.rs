//! The tables `sellers`, which says who is gone, and `deleted_users`, how far their listings are withdrawn.
//!
//! A seller's row is the fence between a listing and the end of its seller: whoever lists holds it, so that
//! the end is either seen, or comes after the listing and finds it.

use tessera_contracts::{TicketId, UserId};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::params;
use uuid::Uuid;

const HOLD: &str = "INSERT INTO sellers (user_id, gone) VALUES ($1, false)
    ON CONFLICT (user_id) DO UPDATE SET gone = sellers.gone RETURNING gone";
const LEAVE: &str = "INSERT INTO sellers (user_id, gone) VALUES ($1, true)
    ON CONFLICT (user_id) DO UPDATE SET gone = true";
const IS_GONE: &str = "SELECT 1 FROM sellers WHERE user_id = $1 AND gone";
const ADD: &str = "INSERT INTO deleted_users (user_id, swept_to) VALUES ($1, $2)
    ON CONFLICT (user_id) DO NOTHING";
const UNSWEPT: &str = "SELECT user_id, swept_to FROM deleted_users
    WHERE swept_at IS NULL ORDER BY user_id LIMIT 1";
const SWEPT_TO: &str = "UPDATE deleted_users SET swept_to = $2
    WHERE user_id = $1 AND swept_to = $3 AND swept_at IS NULL";
const SWEPT: &str =
    "UPDATE deleted_users SET swept_at = $2 WHERE user_id = $1 AND swept_at IS NULL";

/// Keeps a seller until the end of the transaction, and answers whether they are gone.
pub async fn hold(tx: &mut Tx, user: UserId) -> Result<bool, DbError> {
    let (gone,) = tx.one(HOLD, &params![user]).await?;
    Ok(gone)
}

/// Remembers that a user is gone, once whoever lists for them has done so: `false` when that was known.
pub async fn leave(tx: &mut Tx, user: UserId) -> Result<bool, DbError> {
    tx.later(LEAVE, &params![user]).await?;
    Ok(tx.execute(ADD, &params![user, Uuid::nil()]).await? == 1)
}

/// Whether a user is gone. Who decides by it holds one of their listings: the sweep comes by each of them.
pub async fn is_gone(tx: &mut Tx, user: UserId) -> Result<bool, DbError> {
    let found: Option<(i64,)> = tx.opt(IS_GONE, &params![user]).await?;
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
