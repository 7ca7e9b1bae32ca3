//! Takes a listing off the market.

use tessera_contracts::{TicketId, UserId};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::http::IfMatch;

use super::own::{OwnError, find_own};
use super::{guarded, tell_updated};
use crate::domain::{Refused, State, Ticket};
use crate::store::tickets;

/// A seller's wish to sell it no more.
#[derive(Clone, Debug)]
pub struct Withdraw {
    pub id: TicketId,
    pub user_id: UserId,
    /// The versions that may be withdrawn.
    pub if_match: IfMatch,
}

/// Withdraws the listing; one that is withdrawn already stays as it is.
pub async fn withdraw(tx: &mut Tx, command: &Withdraw) -> Result<(), OwnError> {
    let ticket = find_own(tx, command.id, command.user_id).await?;
    if ticket.state == State::Withdrawn {
        return Ok(());
    }
    let before = ticket.version;
    let ticket = ticket.withdraw(tx.now())?;
    if !command.if_match.allows(before) {
        return Err(OwnError::VersionChanged);
    }
    Ok(keep_withdrawn(tx, &ticket).await?)
}

/// Withdraws the listing of a seller who is gone if it is free, and leaves every other one as it is: its
/// release comes after this, and sees that they are gone.
pub async fn withdraw_free(tx: &mut Tx, ticket: Ticket) -> Result<(), DbError> {
    let (id, version) = (ticket.id, ticket.version);
    match ticket.withdraw(tx.now()) {
        Ok(ticket) => keep_withdrawn(tx, &ticket).await,
        Err(Refused(State::Withdrawn)) => Ok(()),
        Err(Refused(_)) => {
            let stands = tickets::stand(tx, id, version).await?;
            guarded(tx, stands)
        }
    }
}

async fn keep_withdrawn(tx: &mut Tx, ticket: &Ticket) -> Result<(), DbError> {
    let saved = tickets::save_gone(tx, ticket).await?;
    guarded(tx, saved)?;
    tell_updated(tx, ticket).await
}
