//! `user:deleted`: the buyer's unpaid orders end, and they make no more. What they bought keeps their bare id.

use tessera_contracts::CancelReason;
use tessera_contracts::events::UserState;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::operations::transition;
use crate::store::{buyers, orders};

pub async fn handle(tx: &mut Tx, user: &UserState) -> Result<Outcome, ConsumeError> {
    buyers::leave(tx, user.id).await?;
    for (order,) in orders::unpaid(tx, user.id).await? {
        transition(tx, order, |order, now| {
            order.cancelled(CancelReason::AccountDeleted, now)
        })
        .await?;
    }
    Ok(Outcome::Done)
}
