//! Changes a password, and ends the sessions that the old one may have opened for others.

use tessera_contracts::events::SessionEnded;
use tessera_platform::db::Tx;
use tessera_platform::session::User as Caller;

use super::{PasswordRefusal, end};
use crate::domain::PasswordHash;
use crate::store::{sessions, users};

/// The user as they were when their password was checked, and the hash of the new one.
#[derive(Clone, Debug)]
pub struct ChangePassword {
    pub caller: Caller,
    pub version: i64,
    pub hash: PasswordHash,
}

/// Changes the password; the session that it was changed in goes on, the others end.
pub async fn change_password(
    tx: &mut Tx,
    command: &ChangePassword,
) -> Result<Vec<SessionEnded>, PasswordRefusal> {
    let ChangePassword {
        caller,
        version,
        hash,
    } = command;
    if !users::change_password(tx, caller.id, *version, hash).await? {
        return Err(PasswordRefusal::Wrong);
    }
    if !sessions::use_now(tx, *caller).await? {
        return Err(PasswordRefusal::SignedOut);
    }
    let others = sessions::end_all_but(tx, caller.id, Some(caller.sid)).await?;
    Ok(end::announce(tx, &others).await?)
}
