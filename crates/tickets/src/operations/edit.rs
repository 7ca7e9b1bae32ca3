//! Changes what a listing says.

use tessera_contracts::{TicketId, UserId};
use tessera_platform::db::Tx;
use tessera_platform::http::IfMatch;

use super::own::{OwnError, find_own};
use super::{guarded, tell_updated};
use crate::domain::{Change, CompletedFrom, Ticket};
use crate::store::{market, tickets};

/// A seller's change.
#[derive(Clone, Debug)]
pub struct Edit {
    pub id: TicketId,
    pub user_id: UserId,
    /// The versions that may be changed.
    pub if_match: IfMatch,
    pub change: Change,
    /// What its price was completed from, if it was written in part.
    pub completed_from: Option<CompletedFrom>,
}

/// Makes the change. One that changes nothing makes no version, and no event.
pub async fn edit(tx: &mut Tx, command: &Edit) -> Result<Ticket, OwnError> {
    let ticket = find_own(tx, command.id, command.user_id).await?;
    let before = ticket.version;
    let price = ticket.details.price;
    // Its state comes first: a lock makes a version too, and says more than "changed" (RFC 9110, 13.2.1).
    let ticket = ticket.edit(command.change.clone(), tx.now())?;
    let is_still = |from: CompletedFrom| from.is_still(price);
    if !command.if_match.allows(before) || !command.completed_from.is_none_or(is_still) {
        return Err(OwnError::VersionChanged);
    }
    if ticket.version > before {
        let saved = tickets::save_edit(tx, &ticket).await?;
        guarded(tx, saved)?;
        market::arrange(tx, &ticket).await?;
        tell_updated(tx, &ticket).await?;
    }
    Ok(ticket)
}
