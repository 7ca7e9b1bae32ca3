//! Leaves a ticket for good to the order that holds it.

use tessera_contracts::{OrderId, RefusalReason};
use tessera_platform::db::{DbError, Tx};

use super::{guarded, tell_refused, tell_updated};
use crate::domain::{Refused, Ticket};
use crate::store::{tickets, waiting};

/// Why a ticket was not sold.
#[derive(Debug, thiserror::Error)]
pub enum SellError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Sells the ticket, which the transaction holds, to its holder, and tells all that wait that it is gone.
pub async fn sell(tx: &mut Tx, ticket: Ticket, order: OrderId) -> Result<(), SellError> {
    // The model: services::tickets::order_completed.
    let ticket = ticket.sell(order, tx.now())?;
    let saved = tickets::save_gone(tx, &ticket).await?;
    guarded(tx, saved)?;
    tell_updated(tx, &ticket).await?;
    for one in waiting::behind(tx, ticket.id).await? {
        waiting::remove(tx, one.order_id).await?;
        let (id, version) = (ticket.id, ticket.version);
        tell_refused(tx, id, version, one.order_id, RefusalReason::Sold).await?;
    }
    Ok(())
}
