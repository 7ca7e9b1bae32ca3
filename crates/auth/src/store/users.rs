//! The table `users`.

use jiff::Timestamp;
use tessera_contracts::UserId;
use tessera_platform::db::{Db, DbError, FromRow, Row, Tx};
use tessera_platform::params;

use crate::domain::{Email, NewUser, PasswordHash, User};

// The columns are read in this order.
const BY_ID: &str = "SELECT id, email, email_key, password_hash, version, created_at, updated_at
    FROM users WHERE id = $1";
const BY_EMAIL: &str = "SELECT id, email, email_key, password_hash, version, created_at, updated_at
    FROM users WHERE email_key = $1";
const INSERT: &str = "INSERT INTO users
    (id, email, email_key, password_hash, version, created_at, updated_at)
    VALUES ($1, $2, $3, $4, 1, $5, $5) ON CONFLICT (email_key) DO NOTHING";
const HOLD: &str = "UPDATE users SET version = version WHERE id = $1 AND version = $2";
const CHANGE_PASSWORD: &str = "UPDATE users
    SET password_hash = $3, version = version + 1, updated_at = $4 WHERE id = $1 AND version = $2";
const DELETE: &str = "DELETE FROM users WHERE id = $1 AND version = $2";

impl FromRow for User {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(User {
            id: row.next()?,
            email: row.next()?,
            email_key: row.next()?,
            password_hash: PasswordHash::new(row.next()?),
            version: row.next()?,
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

/// A user by their id.
pub async fn find(db: &Db, id: UserId) -> Result<Option<User>, DbError> {
    db.opt(BY_ID, &params![id]).await
}

/// A user by their address, however it is spelt.
pub async fn find_by_email(db: &Db, email: &Email) -> Result<Option<User>, DbError> {
    db.opt(BY_EMAIL, &params![email.key()]).await
}

/// Adds a user, of version 1: `false` when somebody has the address.
pub async fn insert(tx: &mut Tx, user: &NewUser, now: Timestamp) -> Result<bool, DbError> {
    let NewUser {
        id,
        email,
        password_hash,
    } = user;
    let params = params![
        *id,
        email.as_given(),
        email.key(),
        password_hash.as_str(),
        now
    ];
    Ok(tx.execute(INSERT, &params).await? == 1)
}

/// Keeps the user as they are until the transaction ends: `false` when they are no longer of this
/// version. An update that changes nothing, since it holds the row on either engine.
pub async fn hold(tx: &mut Tx, id: UserId, version: i64) -> Result<bool, DbError> {
    Ok(tx.execute(HOLD, &params![id, version]).await? == 1)
}

/// Changes the password: `false` when the user is no longer of this version.
pub async fn change_password(
    tx: &mut Tx,
    id: UserId,
    version: i64,
    hash: &PasswordHash,
) -> Result<bool, DbError> {
    let now = tx.now();
    let params = params![id, version, hash.as_str(), now];
    Ok(tx.execute(CHANGE_PASSWORD, &params).await? == 1)
}

/// Deletes the user, and with them their sessions: `false` when they are no longer of this version.
pub async fn delete(tx: &mut Tx, id: UserId, version: i64) -> Result<bool, DbError> {
    Ok(tx.execute(DELETE, &params![id, version]).await? == 1)
}
