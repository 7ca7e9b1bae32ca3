//! `ticket:refused`: the order does not get its lock.

use tessera_contracts::CancelReason;
use tessera_contracts::events::TicketRefused;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::operations::transition;

pub async fn handle(tx: &mut Tx, refused: &TicketRefused) -> Result<Outcome, ConsumeError> {
    transition(tx, refused.order_id, |order, now| {
        order.cancelled(CancelReason::TicketChanged, now)
    })
    .await?
    .outcome("the order waits for no lock")
}
