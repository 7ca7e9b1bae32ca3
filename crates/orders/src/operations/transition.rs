//! Moves an order one step on its way.

use jiff::Timestamp;
use tessera_contracts::OrderId;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::outbox;

use crate::domain::{Order, Refused, State};
use crate::store::orders;

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It was taken.
    Done,
    /// It is not one of the state that the order is in.
    Refused(State),
    /// There is no such order.
    Unknown,
}

/// Takes a step of the order `id`: compare-and-set, and its event in the same transaction.
pub async fn transition(
    tx: &mut Tx,
    id: OrderId,
    step: impl FnOnce(Order, Timestamp) -> Result<Order, Refused> + Send,
) -> Result<Changed, DbError> {
    let order = orders::hold(tx, id).await?;
    take_step(tx, order, step).await
}

/// Takes a step of an order that is held.
pub async fn take_step(
    tx: &mut Tx,
    order: Option<Order>,
    step: impl FnOnce(Order, Timestamp) -> Result<Order, Refused> + Send,
) -> Result<Changed, DbError> {
    let Some(order) = order else {
        return Ok(Changed::Unknown);
    };
    let order = match step(order, tx.now()) {
        Ok(order) => order,
        Err(Refused(state)) => return Ok(Changed::Refused(state)),
    };
    // The model: services::orders::step.
    if !orders::save(tx, &order).await? {
        return Err(tx.conflict());
    }
    outbox::append(tx, super::event(&order)).await?;
    Ok(Changed::Done)
}

impl Changed {
    /// What a consumer answers. An order that does not take the step has nothing to undo here:
    /// the services that acted on it follow the event of its end.
    pub fn outcome(self, refused: &'static str) -> Result<Outcome, ConsumeError> {
        match self {
            Changed::Done => Ok(Outcome::Done),
            Changed::Refused(_) => Ok(Outcome::Ignored(refused)),
            Changed::Unknown => Ok(Outcome::Reject(
                "it names an order that orders never made".to_owned(),
            )),
        }
    }
}
