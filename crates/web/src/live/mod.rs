//! What passes between the services, told to the pages that show it.
//!
//! [`hub`] reads each event once and hands it to the pages that asked for its ticket, its order or its
//! person; [`stream`] is the way to one page. Nothing is kept: who was away, or too slow, is cut off,
//! and reads its page anew when it is back.

mod change;
mod hub;
pub(crate) mod stream;
#[cfg(test)]
mod tests;

pub(crate) use change::{Change, Topic};
pub(crate) use hub::{Hub, Listener};
