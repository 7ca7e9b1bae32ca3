//! The bodies of the HTTP API, as clients send and receive them.
//!
//! Owns their forms. Servers write the answers from here, but read requests field by field, so that all
//! mistakes of a body are told at once: the request types are for clients and for the API's description.

pub mod orders;
pub mod payments;
pub mod problem;
pub mod tickets;
pub mod users;

pub use problem::{Problem, ProblemError};
