//! What expiration does without being asked.

mod deadlines;
mod prune;

pub use deadlines::{Deadlines, SIGNAL};
pub use prune::prune_deadlines;
