//! The distributed form: a process for each service over PostgreSQL and NATS, and what may befall them.
//!
//! Each scenario is told once. With all other tests its fault is done a few times; `cargo xtask faults` does it at
//! full length (`size`), and puts the figures into a table (`tally`).
#![cfg(test)]

mod broker;
mod databases;
mod deliveries;
mod pages;
mod paused;
mod person;
mod replicas;
mod rolling;
mod size;
mod soak;
mod stage;
mod starts;
mod tally;
mod traffic;
