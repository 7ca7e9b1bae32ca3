//! Follows an order: keeps the copy of it, and decides by its end what becomes of the money that is
//! held.

use tessera_contracts::OrderStatus;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::domain::{Order, Payment, Refused, State};
use crate::store::{orders, payments};

/// Applies what orders said, unless something newer is known. The copy is written first, which holds
/// the order until the payment is changed too.
pub async fn follow_order(tx: &mut Tx, order: &Order) -> Result<Outcome, ConsumeError> {
    // The model: services::payments::follow_order.
    if !orders::save(tx, order).await? {
        return Ok(Outcome::Ignored("a newer version is known"));
    }
    match order.status {
        OrderStatus::Created | OrderStatus::AwaitingPayment => Ok(Outcome::Done),
        OrderStatus::Complete => complete(tx, order).await,
        OrderStatus::Cancelled => cancel(tx, order).await,
    }
}

/// From here on the money may be taken.
async fn complete(tx: &mut Tx, order: &Order) -> Result<Outcome, ConsumeError> {
    let now = tx.now();
    let Some(payment) = payments::hold_live(tx, order.id).await? else {
        tracing::error!(order = %order.id, "complete without a payment: nothing to capture");
        return Ok(Outcome::Ignored("there is no payment to capture"));
    };
    match payment.order_completed(now) {
        Ok(payment) => save(tx, &payment).await,
        Err(Refused(state)) => {
            tracing::error!(order = %order.id, ?state, "complete without an authorized payment");
            Ok(Outcome::Ignored("the payment is not one to capture"))
        }
    }
}

/// What is held is released; an answer that is still to come finds the order ended.
async fn cancel(tx: &mut Tx, order: &Order) -> Result<Outcome, ConsumeError> {
    let now = tx.now();
    let Some(payment) = payments::hold_live(tx, order.id).await? else {
        return Ok(Outcome::Done);
    };
    match payment.order_cancelled(now) {
        Ok(payment) => save(tx, &payment).await,
        Err(Refused(State::Processing)) => Ok(Outcome::Done),
        Err(Refused(State::Voiding(_))) => Ok(Outcome::Ignored("it is being voided already")),
        Err(Refused(state)) => {
            tracing::error!(order = %order.id, ?state, "cancelled although it is paid");
            Ok(Outcome::Ignored("the payment is past voiding"))
        }
    }
}

async fn save(tx: &mut Tx, payment: &Payment) -> Result<Outcome, ConsumeError> {
    if payments::save(tx, payment).await? {
        Ok(Outcome::Done)
    } else {
        Err(tx.conflict().into())
    }
}
