//! The double, asked over the wire as Stripe is, and driven as its tests drive it.

#![cfg(test)]

mod browsers;
mod cards;
mod control;
mod declines;
mod disputes;
mod faults;
mod hanging;
mod idempotency;
mod intents;
mod lists;
mod parameters;
mod program;
mod properties;
mod receiver;
mod refunds;
mod time;
mod webhooks;
mod wire;
