//! The binary: its commands, and the one table of services. The only crate that sees them all.
//!
//! It reads the environment and the command line and hands everything on as values; nothing
//! below it does.

pub mod check;
pub mod cli;
mod commands;
mod demo;
mod docs;
mod services;
mod settings;
mod terminal;

pub use commands::run;
pub use services::SERVICES;
