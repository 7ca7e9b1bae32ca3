//! What a payment is, and which of its changes are allowed. Pure: no I/O, no clock, no randomness.

mod card;
mod intent;
mod ledger;
mod order;
mod payment;
mod refund;
mod state;

pub use card::{Authorization, ClientSecret, Decline, GatewayId, Token};
pub use intent::{CLAIMED_FOR, Intent, RESOLVE_AFTER, Settled, pause_after, pause_for_payer};
pub use ledger::{Account, Entry, Split, Transfer};
pub use order::{Order, Terms, Unpayable};
pub use payment::{Payment, Refused};
pub use refund::{NotRefundable, Refund, RefundStatus};
pub use state::State;
