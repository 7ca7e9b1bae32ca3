//! The only place that knows the tables of tickets.

pub mod market;
pub mod search;
pub mod sellers;
pub mod tickets;
pub mod waiting;
