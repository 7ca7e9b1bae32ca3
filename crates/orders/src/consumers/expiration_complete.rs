//! `expiration:complete`: a nudge. Whether the lock is over, orders decides by its own clock.

use tessera_contracts::CancelReason;
use tessera_contracts::events::ExpirationComplete;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::operations::transition;
use crate::store::orders;

// The model: services::orders::puts_off, expire.
/// An early nudge of an unpaid order is put off, not dropped: it comes only once.
pub async fn handle(tx: &mut Tx, nudge: &ExpirationComplete) -> Result<Outcome, ConsumeError> {
    if let Some(order) = orders::find(tx, nudge.order_id).await?
        && !order.is_over(tx.now())
        && order.state.may_cancel(CancelReason::Expired)
    {
        return Ok(Outcome::PutOff(order.expires_at));
    }
    transition(tx, nudge.order_id, |order, now| {
        order.cancelled(CancelReason::Expired, now)
    })
    .await?
    .outcome("the order has ended, or is paid")
}
