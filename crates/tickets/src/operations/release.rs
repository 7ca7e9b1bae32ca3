//! Takes a ticket back from the order that held it, and hands it on.

use tessera_contracts::{CancelReason, OrderId};
use tessera_platform::db::{DbError, Tx};

use super::{guarded, tell_refused, tell_updated};
use crate::domain::{Refused, State, Succession, Then, Ticket, succession};
use crate::store::{market, sellers, tickets, waiting};

/// Why a ticket was not taken back.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Frees the ticket, which the transaction holds, of the order that held it, and in the same step locks
/// it for the order that waited, so that nobody comes in between.
pub async fn release(
    tx: &mut Tx,
    ticket: Ticket,
    order: OrderId,
    reason: Option<CancelReason>,
) -> Result<(), ReleaseError> {
    let seller_is_gone = sellers::is_gone(tx, ticket.user_id).await?;
    let waiting = waiting::behind(tx, ticket.id).await?;
    let Succession { then, refused } = succession(&ticket, seller_is_gone, &waiting);
    let was_sold = matches!(ticket.state, State::Sold(_));
    // The model: services::tickets::release.
    let ticket = ticket.release(order, reason, then, tx.now())?;
    let saved = match then {
        Then::Free => tickets::save_free(tx, &ticket).await?,
        Then::Withdraw => tickets::save_gone(tx, &ticket).await?,
        Then::Lock(_) => tickets::save_state(tx, &ticket).await?,
    };
    guarded(tx, saved)?;
    tell_updated(tx, &ticket).await?;
    // A reserved one never left the market, and was set aside at most.
    if was_sold && !matches!(then, Then::Withdraw) {
        market::arrange(tx, &ticket).await?;
    }
    if let Then::Lock(next) = then {
        // One that has ended meanwhile must not get hold of it: nobody would free it again.
        let waited = waiting::remove(tx, next).await?;
        guarded(tx, waited)?;
    }
    for (order, reason) in refused {
        waiting::remove(tx, order).await?;
        tell_refused(tx, ticket.id, ticket.version, order, reason).await?;
    }
    Ok(())
}
