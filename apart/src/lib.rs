//! The distributed form on one machine, for people without containers and for the tests: a PostgreSQL and a NATS
//! server of its own, a process for each service, and a small front that joins them on one port.
//!
//! It owns the processes that it starts, and ends them. It knows nothing of what they do.

pub mod failure;
pub mod front;
pub mod nats;
mod places;
pub mod postgres;
pub mod process;
pub mod services;

pub use failure::Failure;
