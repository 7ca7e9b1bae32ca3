//! `order:created`, `order:updated`, `order:cancelled`, `order:completed`: each tells the whole state
//! of an order, so that one of them does for those that were missed.

use tessera_contracts::MoneyError;
use tessera_contracts::events::OrderState;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::domain::{Order, Terms};
use crate::operations::follow_order;

pub async fn handle(tx: &mut Tx, state: &OrderState) -> Result<Outcome, ConsumeError> {
    match replica(state) {
        Ok(order) => follow_order(tx, &order).await,
        Err(error) => Ok(Outcome::Reject(error.to_string())),
    }
}

fn replica(state: &OrderState) -> Result<Order, MoneyError> {
    Ok(Order {
        id: state.id,
        version: state.version,
        user_id: state.user_id,
        status: state.status,
        expires_at: state.expires_at,
        total: state.total()?,
        terms: Some(Terms {
            seller: state.ticket.user_id,
            title: state.ticket.title.clone(),
            price: state.price()?,
            seller_fee: state.seller_fee()?,
        }),
        declined: 0,
    })
}
