//! Servers that ask who somebody is, and that nobody reads along with: the right settings get in, and wrong ones
//! end with a line that names them. Left out where the tests run without servers.
#![cfg(test)]

mod certificates;
mod jwt;
mod nats;
mod postgres;
