//! Deletes an account: the address, the password and the sessions. Others keep the bare id.

use tessera_contracts::events::{EventData, SessionEnded, UserState};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::outbox;
use tessera_platform::session::User as Caller;

use super::{PasswordRefusal, end};
use crate::store::{sessions, users};

/// The user as they were when their password was checked.
#[derive(Clone, Copy, Debug)]
pub struct DeleteAccount {
    pub caller: Caller,
    pub version: i64,
}

/// Ends all sessions, and deletes the user with them.
pub async fn delete_account(
    tx: &mut Tx,
    command: &DeleteAccount,
) -> Result<Vec<SessionEnded>, PasswordRefusal> {
    let DeleteAccount { caller, version } = *command;
    if !users::hold(tx, caller.id, version).await? {
        return Err(PasswordRefusal::Wrong);
    }
    if !sessions::use_now(tx, caller).await? {
        return Err(PasswordRefusal::SignedOut);
    }
    let all = sessions::end_all_but(tx, caller.id, None).await?;
    let ended = end::announce(tx, &all).await?;
    if !users::delete(tx, caller.id, version).await? {
        return Err(DbError::Corrupt("a user who was held is gone".to_owned()).into());
    }
    let deleted = EventData::UserDeleted(UserState { id: caller.id });
    outbox::append(tx, deleted).await?;
    Ok(ended)
}
