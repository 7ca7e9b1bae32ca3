//! The table `buyers`: who has reserved a ticket, and whether their account is gone.
//!
//! A buyer's row is the fence around their orders: whoever reserves for them holds it, so that no two count
//! the unpaid ones at once, and the end of the account is either seen, or comes after the order and finds it.

use tessera_contracts::UserId;
use tessera_platform::db::{DbError, Tx};
use tessera_platform::params;

pub(super) const HOLD: &str = "SELECT user_id, gone FROM buyers WHERE user_id = $1";
const ADD: &str = "INSERT INTO buyers (user_id, gone) VALUES ($1, false)
    ON CONFLICT (user_id) DO NOTHING";
const LEAVE: &str = "INSERT INTO buyers (user_id, gone) VALUES ($1, true)
    ON CONFLICT (user_id) DO UPDATE SET gone = true";

/// Makes the row of somebody who reserves for the first time.
pub async fn add(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    tx.later(ADD, &params![user]).await
}

/// Remembers that a user is gone, once whoever reserves for them has done so.
pub async fn leave(tx: &mut Tx, user: UserId) -> Result<(), DbError> {
    tx.later(LEAVE, &params![user]).await
}
