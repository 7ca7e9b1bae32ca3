//! Gives an order hold of a ticket, or tells it that it gets none.

use tessera_contracts::RefusalReason;
use tessera_contracts::events::OrderState;
use tessera_platform::db::{DbError, Tx};

use super::{guarded, tell_refused, tell_updated};
use crate::domain::{NoLock, Ticket, Waiting};
use crate::store::{tickets, waiting};

/// What an order's wish for a ticket came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Locked {
    /// It holds the ticket from now on.
    Given,
    /// It was told that it gets none.
    Refused,
    /// Another order has the ticket: it waits, and is told once that one lets go.
    Waits,
    /// It had the ticket already.
    Had,
}

/// Answers `order:created`, with the ticket held. This is the hot path: one write and one event when the ticket is
/// free.
pub async fn lock(
    tx: &mut Tx,
    ticket: Option<Ticket>,
    order: &OrderState,
) -> Result<Locked, DbError> {
    let (id, seen) = (order.ticket.id, order.ticket.version);
    let Some(ticket) = ticket else {
        tell_refused(tx, id, 0, order.id, RefusalReason::Unknown).await?;
        return Ok(Locked::Refused);
    };
    let version = ticket.version;
    // The model: services::tickets::order_created.
    let reason = match ticket.lock(order.id, seen, tx.now()) {
        Ok(ticket) => {
            let saved = tickets::save_state(tx, &ticket).await?;
            guarded(tx, saved)?;
            tell_updated(tx, &ticket).await?;
            return Ok(Locked::Given);
        }
        Err(NoLock::Held(holder)) if holder == order.id => return Ok(Locked::Had),
        Err(NoLock::Held(_)) => {
            let order_id = order.id;
            waiting::add(tx, id, Waiting { order_id, seen }).await?;
            return Ok(Locked::Waits);
        }
        Err(NoLock::Changed) => RefusalReason::Changed,
        Err(NoLock::Withdrawn) => RefusalReason::Withdrawn,
    };
    tell_refused(tx, id, version, order.id, reason).await?;
    Ok(Locked::Refused)
}
