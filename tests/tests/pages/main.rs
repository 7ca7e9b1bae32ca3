//! The pages of the real program, as a browser without scripts meets them. What scripts add is tried in a browser
//! (`tests/browser`).
#![cfg(test)]

mod account;
mod caching;
mod cards;
mod journey;
mod live;
mod refusals;
mod sessions;
mod stage;
