//! `payment:failed`: no payment of the order will succeed.

use tessera_contracts::events::PaymentState;
use tessera_contracts::{CancelReason, PaymentStatus};
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::operations::transition;

/// A refused capture is the only thing that takes a completed order back.
pub async fn handle(tx: &mut Tx, payment: &PaymentState) -> Result<Outcome, ConsumeError> {
    let reason = match payment.status {
        PaymentStatus::CaptureFailed => CancelReason::CaptureFailed,
        _ => CancelReason::PaymentFailed,
    };
    transition(tx, payment.order_id, |order, now| {
        order.cancelled(reason, now)
    })
    .await?
    .outcome("the order does not end that way")
}
