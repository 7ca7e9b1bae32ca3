//! The end of a session: what it takes so that no token of it counts any more, here and elsewhere.

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::SessionId;
use tessera_contracts::events::{EventData, SessionEnded};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::outbox;
use tessera_platform::session::ended;
use tessera_platform::session::token::TOKEN_LIFE;

/// How far the clocks of auth's processes may be apart.
const SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Refuses the tokens of `sessions` from this transaction on, and tells the others. Once it has
/// committed, what this answers goes to [`tessera_platform::session::Ended`].
pub(super) async fn announce(
    tx: &mut Tx,
    sessions: &[SessionId],
) -> Result<Vec<SessionEnded>, DbError> {
    // Every token was issued in a transaction that found the session alive, so before this one; but perhaps by
    // another process, whose clock may be ahead.
    let until = tx.now().saturating_add(TOKEN_LIFE + SKEW);
    let until = until.unwrap_or(Timestamp::MAX);
    let mut all = Vec::with_capacity(sessions.len());
    for &sid in sessions {
        let ended = SessionEnded { sid, until };
        ended::record(tx, sid, until).await?;
        outbox::append(tx, EventData::SessionEnded(ended)).await?;
        all.push(ended);
    }
    Ok(all)
}
