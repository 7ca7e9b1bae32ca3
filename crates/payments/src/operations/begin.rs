//! Begins an attempt to pay an order: from its commit on the gateway may be asked, and is asked until
//! it has answered, whatever happens to the request.

use std::time::Duration;

use jiff::Timestamp;
use tessera_contracts::{OrderId, PaymentId, UserId};
use tessera_platform::arrival;
use tessera_platform::db::{DbError, Tx};
use tessera_platform::http::{Failure, idempotency};

use super::Recorded;
use crate::domain::{Order, Payment, RESOLVE_AFTER, Refused, State, Token, Unpayable};
use crate::http::answer;
use crate::store::{orders, payments};

/// A buyer's wish to pay.
#[derive(Clone, Debug)]
pub struct Begin {
    /// The id of the payment to be.
    pub id: PaymentId,
    pub order_id: OrderId,
    pub user_id: UserId,
    pub token: Token,
    /// How many attempts of one order may be declined.
    pub attempts: u32,
}

/// Why no attempt was begun.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    #[error("there is no such order")]
    NoOrder,
    #[error("orders has not told of it, and may do so yet")]
    NotHeardOf,
    #[error("not payable: {0:?}")]
    Unpayable(Unpayable),
    #[error("another attempt is under way")]
    UnderWay,
    #[error("it is paid")]
    Paid,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Records the attempt, unless the order cannot be paid, or another attempt is under way or done.
pub async fn begin(tx: &mut Tx, wish: &Begin) -> Result<Payment, BeginError> {
    let now = tx.now();
    let order = orders::hold(tx, wish.order_id)
        .await?
        .ok_or_else(|| unknown(wish.order_id, now))?;
    order
        .payable(wish.user_id, wish.attempts, now)
        .map_err(BeginError::Unpayable)?;
    // The model: services::payments::begin.
    let payment = Payment::new(wish.id, &order, wish.token.clone(), now);
    let resolve_at = now.saturating_add(RESOLVE_AFTER).unwrap_or(Timestamp::MAX);
    if payments::insert(tx, &payment, resolve_at).await? {
        return Ok(payment);
    }
    let Some(live) = payments::hold_live(tx, wish.order_id).await? else {
        return Err(tx.conflict().into());
    };
    match live.state {
        State::Processing => return Err(BeginError::UnderWay),
        State::RequiresAction(..) => abandon(tx, live, order, wish.attempts).await?,
        _ => return Err(BeginError::Paid),
    }
    if payments::insert(tx, &payment, resolve_at).await? {
        Ok(payment)
    } else {
        Err(tx.conflict().into())
    }
}

/// The payer did not confirm an earlier attempt, and tries again: that one ends, and uses up a try. The last one that there is
/// does not end that way.
async fn abandon(
    tx: &mut Tx,
    payment: Payment,
    order: Order,
    attempts: u32,
) -> Result<(), BeginError> {
    let order = order.with_decline();
    if order.attempts_left(attempts) == 0 {
        return Err(BeginError::UnderWay);
    }
    let now = tx.now();
    let abandoned = payment
        .abandoned(now)
        .map_err(|Refused(_)| BeginError::UnderWay)?;
    if !payments::save(tx, &abandoned).await? {
        return Err(tx.conflict().into());
    }
    orders::count_decline(tx, &order).await?;
    let recorded = Recorded {
        attempts_left: order.attempts_left(attempts),
        payment: abandoned,
    };
    idempotency::complete(tx, recorded.payment.id.uuid(), &answer(&recorded)).await?;
    Ok(())
}

fn unknown(id: OrderId, now: Timestamp) -> BeginError {
    if arrival::is_young(id.uuid(), now) {
        BeginError::NotHeardOf
    } else {
        BeginError::NoOrder
    }
}

impl From<BeginError> for Failure {
    fn from(error: BeginError) -> Failure {
        match error {
            BeginError::NoOrder => Failure::not_found("order_not_found", "There is no such order."),
            // It says when to come back, and so is kept under no key.
            BeginError::NotHeardOf => {
                Failure::from(BeginError::NoOrder).retry_after(Duration::from_secs(1))
            }
            BeginError::Unpayable(reason) => reason.into(),
            BeginError::UnderWay => Failure::conflict(
                "payment_under_way",
                "A payment of this order is under way already.",
            ),
            BeginError::Paid => Failure::conflict("already_paid", "This order is paid already."),
            BeginError::Db(error) => error.into(),
        }
    }
}

impl From<Unpayable> for Failure {
    fn from(reason: Unpayable) -> Failure {
        match reason {
            Unpayable::NotYours => Failure::forbidden("not_your_order", "This order is not yours."),
            Unpayable::NotReady => Failure::conflict(
                "not_ready",
                "The ticket is still being locked for this order. Please try again in a moment.",
            )
            .retry_after(Duration::from_secs(1)),
            Unpayable::Expired => {
                Failure::conflict("order_expired", "The time to pay this order is over.")
            }
            Unpayable::Cancelled => Failure::conflict(
                "order_cancelled",
                "This order has ended, and can no longer be paid.",
            ),
            Unpayable::Complete => {
                Failure::conflict("order_complete", "This order is paid already.")
            }
            Unpayable::NoAttemptsLeft => Failure::conflict(
                "no_attempts_left",
                "The last attempt to pay this order was declined.",
            ),
        }
    }
}
