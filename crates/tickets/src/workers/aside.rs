//! Sets listings aside that lists had to pass over because they are reserved, so that the next one does not come by them.
//!
//! Which they are is told by those who passed over them, and forgotten with the process: whoever comes next tells it again.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use tessera_contracts::TicketId;
use tessera_platform::BoxFuture;
use tessera_platform::db::Db;
use tessera_platform::worker::{Next, Worker, WorkerError};

use crate::store::market;

const SIGNAL: &str = "aside";

/// So many are set aside in one transaction.
const PORTION: usize = 200;
/// So many are remembered at most: who is not among them is passed over once more.
const BOUND: usize = 100_000;

/// Listings that were passed over. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub struct Passed(Arc<Mutex<BTreeSet<TicketId>>>);

/// The worker.
pub struct Aside {
    pub db: Db,
    pub passed: Passed,
}

impl Passed {
    /// Has these set aside, soon.
    pub fn add(&self, db: &Db, ids: Vec<TicketId>) {
        if ids.is_empty() {
            return;
        }
        let mut passed = self.0.lock();
        let places = BOUND.saturating_sub(passed.len());
        passed.extend(ids.into_iter().take(places));
        db.signal(SIGNAL).notify_one();
    }

    fn take(&self) -> Vec<TicketId> {
        let mut passed = self.0.lock();
        let portion = std::iter::from_fn(|| passed.pop_first());
        portion.take(PORTION).collect()
    }
}

impl Worker for Aside {
    fn name(&self) -> &'static str {
        "aside"
    }

    fn signal(&self) -> Option<&'static str> {
        Some(SIGNAL)
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(async move {
            let ids = self.passed.take();
            if ids.is_empty() {
                return Ok(Next::Idle);
            }
            self.db
                .write_bulk(ids, |tx, ids| Box::pin(market::set_aside(tx, ids)))
                .await?;
            Ok(Next::Again)
        })
    }
}
