//! A double of Stripe's API, for tests: card payments with PaymentIntents, refunds, disputes, events, webhooks, and a
//! stand-in for Stripe.js.
//!
//! **What it is.** A server on loopback that behaves as Stripe's does (<https://docs.stripe.com/api>), in one version
//! of its API ([`VERSION`]), with state in memory. It is strict where Stripe is: unknown parameters are refused, and so
//! is each transition that Stripe does not document, and what this version no longer takes: it has
//! `allowed_payment_method_types` in the place of `payment_method_types`. Tests drive it past its API, too: they plan
//! faults, move its clock, authenticate for the buyer, dispute, hold webhooks and release them in another order, and
//! read what was asked of it and what money really moved.
//!
//! **What it is not.** No whole Stripe: it has no customers, subscriptions, other payment methods than cards, no
//! currencies' rates and no payouts. It moves no money, keeps no card number, and listens on loopback alone. The
//! words of its errors are its own; their types, codes and statuses are Stripe's.
//!
//! **How it is laid out.** A request flows one way:
//!
//! - `http`: the port; reads a request, and looks at its key, version and idempotency key; plans go wrong here; each
//!   call reads its parameters, and asks the book.
//! - `book`: what Stripe would know, and decide. It is told the time, and does no I/O.
//! - `webhooks`: the events of the book, signed and delivered as they are told to be.
//! - `house`: the state behind its lock. Whoever looks at it makes the time pass, and events go out.
//! - `http::control`: what tests ask, for those that are not in Rust: JSON, below `/double/`.
//! - `browser`: the stand-in for Stripe.js, and the two pages that it frames. A card number goes from the frame to the
//!   double, and is never in the page around it.
//! - `sdk`, beside `src`: the official library for Node.js drives the double.

mod book;
mod clock;
mod double;
mod house;
mod http;
mod options;
mod refused;
mod webhooks;

pub use book::{Movement, MovementKind, Outcome, Verdict};
pub use clock::Clock;
pub use double::StripeDouble;
pub use http::{Call, Fault, Recorded};
pub use options::Options;
pub use refused::Refusal;
pub use webhooks::{Mode, Order, Sent, WebhookEndpoint, Webhooks, signature};

/// The version of Stripe's API that the double speaks, and the only one.
pub const VERSION: &str = "2026-10-28.endive";

/// What is late by plan is late in real time: whoever waits for it may have a clock of their own.
#[expect(clippy::disallowed_methods, reason = "a delay that a test planned")]
pub(crate) async fn pause(span: std::time::Duration) {
    tokio::time::sleep(span).await;
}
