//! What can be done to an order: each operation loads, decides, saves, and appends its event, in
//! the transaction that it is given.

mod cancel;
#[cfg(test)]
mod races;
mod reserve;
mod transition;

pub use cancel::{Cancel, CancelError, cancel};
pub use reserve::{Reserve, is_not_heard_of, reserve};
pub use transition::{Changed, take_step, transition};

use tessera_contracts::Money;
use tessera_contracts::events::{EventData, OrderState};

use crate::domain::{Order, State};

/// The event that tells of the state that an order has come to.
fn event(order: &Order) -> EventData {
    let state = OrderState {
        id: order.id,
        version: order.version,
        status: order.state.status(),
        cancel_reason: order.state.cancel_reason(),
        user_id: order.user_id,
        expires_at: order.expires_at,
        price: order.amounts.price.amount(),
        fee: order.amounts.fee.amount(),
        total: order.amounts.total.amount(),
        seller_fee: Some(order.amounts.seller_fee)
            .filter(|fee| fee.minor() != 0)
            .map(Money::amount),
        currency: order.amounts.total.currency(),
        ticket: order.ticket.clone(),
    };
    match order.state {
        State::Created => EventData::OrderCreated(state),
        State::AwaitingPayment => EventData::OrderUpdated(state),
        State::Complete => EventData::OrderCompleted(state),
        State::Cancelled(_) => EventData::OrderCancelled(state),
    }
}
