//! What payments does without being asked.

mod intents;

pub use intents::Intents;
