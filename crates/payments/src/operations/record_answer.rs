//! Records what the gateway answered to an authorization: once, be it by the request that asked, or by
//! the worker that asked again.

use tessera_contracts::events::EventData;
use tessera_platform::db::{DbError, Tx};
use tessera_platform::http::idempotency;
use tessera_platform::outbox;

use crate::domain::{Authorization, Decline, Order, Payment, Refused, State};
use crate::http::answer;
use crate::store::{orders, payments};

/// An answer of the gateway.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The payment as it was when the gateway was asked.
    pub payment: Payment,
    pub answer: Authorization,
    /// How many attempts of one order may be declined.
    pub attempts: u32,
}

/// How the payment stands, whoever recorded it.
#[derive(Clone, Debug)]
pub struct Recorded {
    pub payment: Payment,
    /// How often its order may still be tried to be paid.
    pub attempts_left: u32,
}

/// Records the answer, and completes the `Idempotency-Key` of the request, if it had one. The order is
/// held first: an end of it is either seen here, or sees what is recorded here.
pub async fn record_answer(tx: &mut Tx, answered: &Answered) -> Result<Recorded, DbError> {
    let id = answered.payment.order_id;
    let order = orders::hold(tx, id)
        .await?
        .ok_or_else(|| DbError::Corrupt(format!("a payment of order {id}, which is not there")))?;
    let payment = answered.payment.clone();
    // The model: services::payments::record, authorized.
    let next = match payment.answered(answered.answer.clone(), &order, tx.now()) {
        Ok(next) => next,
        Err(Refused(_)) => return as_recorded(tx, answered, &order).await,
    };
    if !payments::save(tx, &next).await? {
        return as_recorded(tx, answered, &order).await;
    }
    let attempts_left = tell(tx, &next, order, answered.attempts).await?;
    let recorded = Recorded {
        payment: next,
        attempts_left,
    };
    // That the payer is to confirm it is not the last word.
    if recorded.payment.state.client_secret().is_none() {
        idempotency::complete(tx, recorded.payment.id.uuid(), &answer(&recorded)).await?;
    }
    Ok(recorded)
}

/// Appends the event, if there is one to tell, and answers how many attempts are left.
async fn tell(tx: &mut Tx, payment: &Payment, order: Order, attempts: u32) -> Result<u32, DbError> {
    let public = super::public_state(payment);
    if let State::Authorized(_) = payment.state {
        outbox::append(tx, EventData::PaymentCreated(public)).await?;
        return Ok(order.attempts_left(attempts));
    }
    // One that is to be voided is told of when that is done.
    if !payment.state.decline().is_some_and(Decline::uses_a_try) {
        return Ok(order.attempts_left(attempts));
    }
    let order = order.with_decline();
    orders::count_decline(tx, &order).await?;
    let left = order.attempts_left(attempts);
    if left == 0 {
        outbox::append(tx, EventData::PaymentFailed(public)).await?;
    }
    Ok(left)
}

/// How a payment stands, whoever recorded it last.
pub async fn as_it_stands(
    tx: &mut Tx,
    payment: &Payment,
    attempts: u32,
) -> Result<Recorded, DbError> {
    let id = payment.order_id;
    let order = orders::hold(tx, id)
        .await?
        .ok_or_else(|| DbError::Corrupt(format!("a payment of order {id}, which is not there")))?;
    found(tx, payment, order.attempts_left(attempts)).await
}

/// Somebody else recorded the same answer before.
async fn as_recorded(tx: &mut Tx, answered: &Answered, order: &Order) -> Result<Recorded, DbError> {
    let left = order.attempts_left(answered.attempts);
    found(tx, &answered.payment, left).await
}

async fn found(tx: &mut Tx, payment: &Payment, attempts_left: u32) -> Result<Recorded, DbError> {
    let id = payment.id;
    let payment = payments::find(tx, id).await?;
    let payment =
        payment.ok_or_else(|| DbError::Corrupt(format!("payment {id} is no longer there")))?;
    Ok(Recorded {
        payment,
        attempts_left,
    })
}
