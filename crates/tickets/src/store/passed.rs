//! Which reserved listings lists had to pass over: told by those who did, until somebody sets them aside. It is forgotten with the
//! process; whoever comes next tells it again.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use tessera_contracts::TicketId;
use tessera_platform::db::Db;

/// Wakes who sets them aside.
pub const SIGNAL: &str = "aside";

/// So many are remembered at most: who is not among them is passed over once more.
const BOUND: usize = 100_000;

/// The listings. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub struct Passed(Arc<Mutex<BTreeSet<TicketId>>>);

impl Passed {
    /// Has these set aside, soon.
    pub fn add(&self, db: &Db, ids: impl IntoIterator<Item = TicketId>) {
        let mut passed = self.0.lock();
        let places = BOUND.saturating_sub(passed.len());
        passed.extend(ids.into_iter().take(places));
        db.signal(SIGNAL).notify_one();
    }

    /// Hands over the first of them, and forgets them.
    pub fn take(&self, most: usize) -> Vec<TicketId> {
        let mut passed = self.0.lock();
        std::iter::from_fn(|| passed.pop_first())
            .take(most)
            .collect()
    }
}
