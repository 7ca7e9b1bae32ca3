//! Sets listings aside that lists had to pass over because they are reserved, so that the next one does not come by them.

use tessera_platform::BoxFuture;
use tessera_platform::db::Db;
use tessera_platform::worker::{Next, Worker, WorkerError};

use crate::store::{PASSED, Passed, market};

/// The worker.
pub struct Aside {
    pub db: Db,
    pub passed: Passed,
}

impl Worker for Aside {
    fn name(&self) -> &'static str {
        "aside"
    }

    fn signal(&self) -> Option<&'static str> {
        Some(PASSED)
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(async move {
            let ids = self.passed.take(market::PORTION);
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
