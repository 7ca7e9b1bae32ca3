//! Opens a session for somebody whose password was right.

use tessera_contracts::events::SessionEnded;
use tessera_contracts::{SessionId, UserId};
use tessera_platform::db::Tx;

use super::{PasswordRefusal, end};
use crate::domain::Session;
use crate::store::{sessions, users};

/// The user as they were when their password was checked, and the session that they shall have.
#[derive(Clone, Copy, Debug)]
pub struct SignIn {
    pub user_id: UserId,
    pub version: i64,
    pub sid: SessionId,
}

/// Opens the session; those that are too many by it end.
pub async fn sign_in(
    tx: &mut Tx,
    command: &SignIn,
) -> Result<(Session, Vec<SessionEnded>), PasswordRefusal> {
    if !users::hold(tx, command.user_id, command.version).await? {
        return Err(PasswordRefusal::Wrong);
    }
    let session = Session::opened(command.sid, command.user_id, tx.now());
    sessions::insert(tx, &session).await?;
    let too_many = sessions::end_beyond_most(tx, command.user_id).await?;
    Ok((session, end::announce(tx, &too_many).await?))
}
