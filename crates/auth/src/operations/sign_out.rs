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

/// Ends the sessions. The one that was come with is announced in any case: even if its row was gone,
/// a token of it is about.
pub async fn sign_out(tx: &mut Tx, command: &SignOut) -> Result<Vec<SessionEnded>, DbError> {
    let SignOut { caller, everywhere } = *command;
    let mut ended = vec![caller.sid];
    // `false`: a sign-out that came at the same time was faster.
    let _was_alive = sessions::end(tx, caller).await?;
    if everywhere {
        ended.extend(sessions::end_all_but(tx, caller.id, Some(caller.sid)).await?);
    }
    end::announce(tx, &ended).await
}
