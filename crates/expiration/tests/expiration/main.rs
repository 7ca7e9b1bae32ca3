//! Expiration over its own database, through the events of orders.
#![cfg(test)]

mod consumers;
mod deadlines;
mod prune;
mod support;
