//! The only place that knows the tables of auth.

pub mod sessions;
pub mod users;
