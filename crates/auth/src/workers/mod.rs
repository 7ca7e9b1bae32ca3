//! What auth does without being asked.

mod prune;

pub use prune::prune_sessions;
