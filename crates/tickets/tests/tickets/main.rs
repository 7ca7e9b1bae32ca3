//! Tickets over real HTTP and a real database, with the events of the other services played by hand.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod crowds;
mod deleted_sellers;
mod editing;
mod faults;
mod fees;
mod listing;
mod locking;
mod searching;
mod showing;
mod stage;
mod withdrawing;
