//! `order:completed`: an order is paid.

use tessera_contracts::events::OrderState;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::operations::{SellError, sell};
use crate::store::tickets;

/// Only the holder can have been paid for: anything else is a fault, for an operator to look at.
pub async fn handle(tx: &mut Tx, order: &OrderState) -> Result<Outcome, ConsumeError> {
    let (is_new, ticket) = tickets::hold_for(tx, order).await?;
    if !is_new {
        return Ok(super::OLD);
    }
    let Some(ticket) = ticket else {
        return Ok(Outcome::Reject("there is no such ticket".to_owned()));
    };
    match sell(tx, ticket, order.id).await {
        Ok(()) => Ok(Outcome::Done),
        Err(SellError::Refused(refused)) => Ok(Outcome::Reject(format!(
            "the order does not hold the ticket: {refused}"
        ))),
        Err(SellError::Db(error)) => Err(error.into()),
    }
}
