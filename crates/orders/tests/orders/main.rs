//! Orders over its own database, through its endpoints and the events of the others.
#![cfg(test)]

mod consumers;
mod faults;
mod fees;
mod http;
mod support;
