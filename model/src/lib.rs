//! The protocol of orders, payments and deadlines as a model, of which a checker (`stateright`) visits every state.
//!
//! Tests try some histories, and the simulation many; this tries all of them, of a smaller thing. Two buyers want one
//! ticket of one seller. Tickets, orders, expiration, payments and the card gateway each have what they have committed;
//! a step is one transaction of one of them, one deed of the gateway, or a loss. The checker goes from each state on to
//! every one that can follow, until there are no new ones.
//!
//! # What it is a model of
//!
//! Each function in `services` names the function of the code that it stands for, and there a comment names it
//! back. Where the two differ in what they decide, one of them is wrong.
//!
//! - **Events** are unordered: each comes to each of its followers at any time after its commit. That it was lost on the
//!   way, or that its relay or its receiver died, is a delay: the outbox is the record. So relay, bus and inbox
//!   are one step. A *repeated* delivery finds its inbox row and changes nothing, which is why it is a step only without
//!   that guard.
//! - **Time** is a deadline for each order, which passes at orders at any moment. Other clocks may be ahead or behind:
//!   expiration may tell of a deadline too early, and a buyer may pay after it.
//! - **A crash** forgets what is in memory, and that is little: an answer of the gateway that is not recorded yet. A
//!   transaction that is cut off has not happened. An answer that is lost on the way is the same.
//! - **The gateway** does a thing once for each attempt and answers as often as it is asked, at any moment. It may
//!   decline a card, and refuse a capture for good.
//! - **The seller** edits and withdraws the listing while it is free.
//!
//! It has no 3-D Secure, no refunds and chargebacks, no accounts that end, no rounds of a gateway that fails, and no
//! stream that goes back: those are met in the tests and in `simulation`.
//!
//! # What makes it small
//!
//! What can have no effect any more is forgotten (`State::forget_what_is_over`), and a letter of which nobody can notice
//! when it comes, comes at once (`Marketplace::unnoticed`). Both join states that have the same future. What comes at once
//! hides the moments in between, so some walks do without it (`Bounds::every_moment`).
//!
//! # What it must never do
//!
//! Depend on the code that it is a model of: it says again, in its own words, what that code is to do.

mod account;
mod bounds;
mod guards;
mod letters;
mod marketplace;
mod names;
pub mod properties;
mod services;
mod state;
mod words;

pub use account::{Account, History, Verdict, exhaust, exhaust_anyhow, look_for};
pub use bounds::{Bounds, Walk};
pub use guards::Guards;
pub use marketplace::Marketplace;
