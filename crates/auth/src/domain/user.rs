//! A user, as auth knows them.

use jiff::Timestamp;
use tessera_contracts::UserId;

use super::{Email, PasswordHash};

/// Somebody who signs up.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub id: UserId,
    pub email: Email,
    pub password_hash: PasswordHash,
}

/// Somebody who may sign in.
#[derive(Clone, Debug)]
pub struct User {
    pub id: UserId,
    /// The address as it was given.
    pub email: String,
    /// The address as it is compared.
    pub email_key: String,
    pub password_hash: PasswordHash,
    /// Grows with every change. A password is checked against one version, and what follows from it
    /// is done to that version only.
    pub version: i64,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}
