//! What payments does without being asked.

mod hints;
mod intents;
mod reconcile;
mod refunds;

pub use hints::Hints;
pub use intents::Intents;
pub use reconcile::Reconcile;
pub use refunds::Refunds;
