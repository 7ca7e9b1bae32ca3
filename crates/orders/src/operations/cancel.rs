//! Cancels an order for its buyer.

use tessera_contracts::{CancelReason, OrderId, UserId};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::http::Failure;

use super::{Changed, transition};
use crate::domain::State;
use crate::store::orders;

/// A buyer's wish to be rid of an order.
#[derive(Clone, Copy, Debug)]
pub struct Cancel {
    pub id: OrderId,
    pub user_id: UserId,
}

/// Why it was not cancelled.
#[derive(Debug, thiserror::Error)]
pub enum CancelError {
    #[error("there is no such order")]
    NoOrder,
    #[error("it is another's")]
    NotYours,
    #[error("it is complete")]
    Complete,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Cancels the order; one that has ended already stays as it is.
pub async fn cancel(tx: &mut Tx, command: &Cancel) -> Result<(), CancelError> {
    let order = orders::find(tx, command.id)
        .await?
        .ok_or(CancelError::NoOrder)?;
    if order.user_id != command.user_id {
        return Err(CancelError::NotYours);
    }
    // The model: services::orders::cancel.
    let cancelled = transition(tx, command.id, |order, now| {
        order.cancelled(CancelReason::CancelledByBuyer, now)
    });
    match cancelled.await? {
        Changed::Done | Changed::Refused(State::Cancelled(_)) => Ok(()),
        Changed::Refused(State::Complete) => Err(CancelError::Complete),
        Changed::Refused(State::Created | State::AwaitingPayment) | Changed::Unknown => {
            Err(DbError::Corrupt("an unpaid order could not be cancelled".to_owned()).into())
        }
    }
}

impl From<CancelError> for Failure {
    fn from(error: CancelError) -> Failure {
        match error {
            CancelError::NoOrder => {
                Failure::not_found("order_not_found", "There is no such order.")
            }
            CancelError::NotYours => {
                Failure::forbidden("not_your_order", "This order is not yours.")
            }
            CancelError::Complete => Failure::conflict(
                "order_complete",
                "This order is paid, and can no longer be cancelled.",
            ),
            CancelError::Db(error) => error.into(),
        }
    }
}
