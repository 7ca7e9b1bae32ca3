//! What can be done to a payment: each operation loads, decides, saves, and appends its event, in the
//! transaction that it is given. None of them calls the gateway: they record what is to be asked of
//! it, and what it answered.

mod begin;
mod follow_dispute;
mod follow_order;
mod mend;
mod payout;
mod postpone;
mod record_answer;
mod refund;
mod settle;

pub use begin::{Begin, BeginError, begin};
pub use follow_dispute::{Followed, follow_dispute};
pub use follow_order::follow_order;
pub use mend::{Verdict, mend};
pub use payout::{Payout, PayoutError, pay_out};
pub use postpone::{Silence, pause, postpone};
pub use record_answer::{Answered, Recorded, as_it_stands, record_answer};
pub use refund::{
    Bounced, GiveBack, GiveBackError, bounce, end_refund, give_back, postpone_refund,
};
pub use settle::settle;

use tessera_contracts::Money;
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
        refunded: payment.given_back().map(Money::amount),
        gateway_id: payment.state.gateway_id().map(|id| id.as_str().to_owned()),
    }
}
