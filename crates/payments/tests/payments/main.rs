//! Payments over its own database and the gateway's book, through its endpoints and the events of
//! orders.
#![cfg(test)]

mod books;
mod consumers;
mod faults;
mod gateway;
mod http;
mod idempotency;
mod localstripe;
mod races;
mod support;
