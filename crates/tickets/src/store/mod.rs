//! The only place that knows the tables of tickets.

pub mod market;
mod passed;
pub mod search;
pub mod sellers;
pub mod tickets;
pub mod waiting;

pub use passed::{Passed, SIGNAL as PASSED};
