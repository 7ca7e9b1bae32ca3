//! What can be done to a payment: each operation loads, decides, saves, and appends its event, in the
//! transaction that it is given. None of them calls the gateway: they record what is to be asked of
//! it, and what it answered.

mod begin;
mod follow_order;
mod postpone;
mod record_answer;
mod settle;

pub use begin::{Begin, BeginError, begin};
pub use follow_order::follow_order;
pub use postpone::postpone;
pub use record_answer::{Answered, Recorded, record_answer};
pub use settle::settle;

use tessera_contracts::events::PaymentState;

use crate::domain::Payment;

/// The state of a payment, as the events tell it.
fn public_state(payment: &Payment) -> PaymentState {
    PaymentState {
        id: payment.id,
        version: payment.version,
        order_id: payment.order_id,
        status: payment.state.status(),
        amount: payment.amount.amount(),
        currency: payment.amount.currency(),
        gateway_id: payment.state.gateway_id().map(|id| id.as_str().to_owned()),
    }
}
