//! Takes listings off the market once their event has begun.
//!
//! Lists and searches look at the time themselves; this only keeps their indexes from filling up
//! with the past. Nothing of the listing itself changes: there is no version and no event.

use jiff::{SignedDuration, Timestamp};
use tessera_platform::BoxFuture;
use tessera_platform::clock::Clock;
use tessera_platform::db::Db;
use tessera_platform::worker::{Next, Worker, WorkerError};

use super::PORTION;
use crate::store::market;

const EVERY: SignedDuration = SignedDuration::from_secs(60);

/// The worker.
pub struct Ended {
    pub db: Db,
    pub clock: Clock,
}

impl Worker for Ended {
    fn name(&self) -> &'static str {
        "ended"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(async move {
            let clear = self
                .db
                .write_bulk((), |tx, ()| Box::pin(market::take_off_over(tx, PORTION)));
            let later = self.clock.now().saturating_add(EVERY);
            Ok(if clear.await? {
                Next::Again
            } else {
                Next::At(later.unwrap_or(Timestamp::MAX))
            })
        })
    }
}
