//! Takes listings off the market once their event has begun.
//!
//! Lists and searches look at the time themselves; this only keeps their indexes from filling up
//! with the past. Nothing of the listing itself changes: there is no version and no event.

use tessera_platform::BoxFuture;
use tessera_platform::db::Db;
use tessera_platform::worker::{Next, Worker, WorkerError};

use super::PORTION;
use crate::store::market;

/// The worker.
pub struct Ended(pub Db);

impl Worker for Ended {
    fn name(&self) -> &'static str {
        "ended"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(async move {
            let clear = self
                .0
                .write_bulk((), |tx, ()| Box::pin(market::take_off_over(tx, PORTION)));
            Ok(if clear.await? {
                Next::Again
            } else {
                Next::Idle
            })
        })
    }
}
