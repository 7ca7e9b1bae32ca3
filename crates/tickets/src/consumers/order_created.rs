//! `order:created`: an order asks for its ticket.

use tessera_contracts::events::OrderState;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::operations::{Locked, lock};
use crate::store::tickets;

/// An order that has ended before its beginning is heard of gets nothing, and needs no answer.
pub async fn handle(tx: &mut Tx, order: &OrderState) -> Result<Outcome, ConsumeError> {
    let (is_new, ticket) = tickets::hold_for(tx, order).await?;
    if !is_new {
        return Ok(super::OLD);
    }
    Ok(match lock(tx, ticket, order).await? {
        Locked::Given | Locked::Refused | Locked::Waits => Outcome::Done,
        Locked::Had => Outcome::Ignored("the order holds the ticket already"),
    })
}
