//! The mechanisms that every service stands on, and that know no ticket.
//!
//! A request comes in through [`http`], runs one transaction of [`db`], and leaves its events in
//! the [`outbox`] of the same transaction. The relay carries them over the [`bus`] to the
//! [`inbox`] of every service that follows them, where a [`consumer`] applies them, again in one
//! transaction. [`worker`]s do what is due without being asked; [`service`] puts it all together.
//!
//! Nothing here may know what a ticket, an order or a payment is, and nothing but [`clock`] and
//! [`ids`] reads the time or draws randomness: they are handed in, so that a run can be repeated.

pub mod arrival;
pub mod bus;
pub mod clock;
pub mod config;
pub mod consumer;
pub mod db;
pub mod http;
pub mod ids;
pub mod inbox;
pub mod instruments;
pub mod limits;
pub mod outbox;
pub mod pruner;
pub mod retention;
pub mod server;
pub mod service;
pub mod session;
pub mod telemetry;
pub mod versions;
pub mod worker;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

/// A boxed future that may move between threads: what a transaction body returns.
pub type BoxFuture<'a, T> = std::pin::Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;
