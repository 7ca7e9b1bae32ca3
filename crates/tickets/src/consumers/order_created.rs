//! `order:created`: an order asks for its ticket.

use tessera_contracts::events::OrderState;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;
use tessera_platform::versions;

use crate::operations::{Locked, lock};

/// An order that has ended before its beginning is heard of gets nothing, and needs no answer.
pub async fn handle(tx: &mut Tx, order: &OrderState) -> Result<Outcome, ConsumeError> {
    if !versions::advance(tx, order.id.uuid(), order.version).await? {
        return Ok(super::OLD);
    }
    Ok(match lock(tx, order).await? {
        Locked::Given | Locked::Refused | Locked::Waits => Outcome::Done,
        Locked::Had => Outcome::Ignored("the order holds the ticket already"),
    })
}
