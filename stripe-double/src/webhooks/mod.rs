//! Webhooks (<https://docs.stripe.com/webhooks>): who gets which event, when, how often, and signed with what.
//!
//! An event's body is the snapshot of when it happened: who gets it late, gets what is no longer so. As in life,
//! nothing promises their order; the double keeps it unless it is told not to.

mod courier;
mod handle;
mod signature;
mod worker;

pub use courier::{Mode, Order, Sent};
pub use handle::{WebhookEndpoint, Webhooks};
pub use signature::signature;

pub(crate) use courier::{Courier, Post};
pub(crate) use worker::Worker;
