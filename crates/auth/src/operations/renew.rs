//! Notes that a session is used, so that a new token of it may be issued.

use jiff::Timestamp;
use tessera_platform::db::{DbError, Tx};
use tessera_platform::session::User as Caller;

use crate::store::sessions;

/// Answers when the new token is to be issued; `None` when the session does not live.
pub async fn renew(tx: &mut Tx, caller: &Caller) -> Result<Option<Timestamp>, DbError> {
    let lives = sessions::use_now(tx, *caller).await?;
    Ok(lives.then_some(tx.now()))
}
