//! Ends a session for its user, or all of theirs.

use tessera_contracts::events::SessionEnded;
use tessera_platform::db::{DbError, Tx};
use tessera_platform::session::User as Caller;

use super::end;
use crate::store::sessions;

/// Somebody's wish to be signed out.
#[derive(Clone, Copy, Debug)]
pub struct SignOut {
    pub caller: Caller,
    /// All their sessions, not only this one.
    pub everywhere: bool,
}

/// Ends the sessions. A token of a session that does not live any more ends nothing: that session's end
/// was told, and whoever has a token that old has no say over the others.
pub async fn sign_out(tx: &mut Tx, command: &SignOut) -> Result<Vec<SessionEnded>, DbError> {
    let SignOut { caller, everywhere } = *command;
    if !sessions::end(tx, caller).await? {
        return Ok(Vec::new());
    }
    let mut ended = vec![caller.sid];
    if everywhere {
        ended.extend(sessions::end_all_but(tx, caller.id, Some(caller.sid)).await?);
    }
    end::announce(tx, &ended).await
}
