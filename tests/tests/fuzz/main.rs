//! Whatever is written where something is read: drawn at random, mutated from what is right, and held against what must
//! then be true. Nothing of it may panic, be a server's error, or be taken for what it is not.
//!
//! Each module has one subject. How many cases are tried, and from which seed, is `cases` alone to say.

#![cfg(test)]

mod addresses;
mod cases;
mod cursors;
mod desk;
mod events;
mod forms;
mod mutation;
mod names;
mod prices;
mod repeats;
mod searches;
mod times;
mod tokens;
mod webhooks;
