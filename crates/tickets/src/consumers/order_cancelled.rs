//! `order:cancelled`: an order ends without its ticket.

use tessera_contracts::events::OrderState;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;
use tessera_platform::versions;

use crate::operations::{ReleaseError, release};
use crate::store::{tickets, waiting};

/// Frees the ticket if it is held by this very order; what another order holds stays with it.
pub async fn handle(tx: &mut Tx, order: &OrderState) -> Result<Outcome, ConsumeError> {
    if !versions::advance(tx, order.id.uuid(), order.version).await? {
        return Ok(super::OLD);
    }
    // The model: services::tickets::order_cancelled.
    // In this order: a release that hands on to this order takes its row away.
    if waiting::remove(tx, order.id).await? {
        return Ok(Outcome::Done);
    }
    let ticket = tickets::hold(tx, order.ticket.id).await?;
    let held = ticket.filter(|ticket| ticket.state.order_id() == Some(order.id));
    let Some(ticket) = held else {
        return Ok(Outcome::Ignored("the order had no ticket"));
    };
    match release(tx, ticket, order.id, order.cancel_reason).await {
        Ok(()) => Ok(Outcome::Done),
        Err(ReleaseError::Refused(refused)) => Ok(Outcome::Reject(refused.to_string())),
        Err(ReleaseError::Db(error)) => Err(error.into()),
    }
}
