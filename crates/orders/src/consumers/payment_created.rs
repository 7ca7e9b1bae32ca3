//! `payment:created`: the card is authorized. The one point where paying and expiring race.

use tessera_contracts::events::PaymentState;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::domain::Order;
use crate::operations::transition;

/// An order that has ended meanwhile stays ended, and payments, which hears of its end, voids the
/// authorization.
pub async fn handle(tx: &mut Tx, payment: &PaymentState) -> Result<Outcome, ConsumeError> {
    // The model: services::orders::complete.
    transition(tx, payment.order_id, Order::completed)
        .await?
        .outcome("the order awaits no payment")
}
