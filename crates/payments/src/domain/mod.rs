//! What a payment is, and which of its changes are allowed. Pure: no I/O, no clock, no randomness.

mod card;
mod intent;
mod order;
mod payment;

pub use card::{Authorization, Decline, GatewayId, Token};
pub use intent::{CLAIMED_FOR, Intent, RESOLVE_AFTER, Settled, pause_after};
pub use order::{Order, Unpayable};
pub use payment::{Payment, Refused, State};
