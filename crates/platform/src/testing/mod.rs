//! What the tests of services stand on: a marketplace of some services in a folder of its own, a
//! clock that is moved by hand, and workers that run when they are told to.
//!
//! Only for tests: never part of the binary. Everything in it is real (the database, the router, the
//! bus); nothing here replaces what is tested.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on says why and ends"
)]

mod answer;
mod app;
mod engine;
mod faults;
mod lossy;
mod meeting;
mod nats;

pub use answer::Answer;
pub use app::{Call, TestApp, TestUser};
pub use engine::{TEST_DATABASE_URL, server_for};
pub use faults::{forbid, permit};
pub use lossy::Lossy;
pub use meeting::{Halt, are_several_writers, meet};
pub use nats::{NatsServer, TEST_NATS_SERVER};
