//! Takes the terms of listings that left the market out of the index of words.
//!
//! A search looks at the listing itself, and does not find what left. To take out its terms with each sale would write a
//! page for every word; those of many listings share theirs.

use jiff::{SignedDuration, Timestamp};
use tessera_platform::BoxFuture;
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Tx};
use tessera_platform::worker::{Next, Worker, WorkerError};

use crate::store::market;

const EVERY: SignedDuration = SignedDuration::from_secs(5);

/// Listings of one step: some milliseconds of work. Nobody wants those that left.
const PORTION: i64 = 200;

/// The worker.
pub struct Terms {
    pub db: Db,
    pub clock: Clock,
}

impl Worker for Terms {
    fn name(&self) -> &'static str {
        "terms"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(async move {
            let forget = self.db.write_bulk((), |tx, ()| Box::pin(forget(tx)));
            let later = self.clock.now().saturating_add(EVERY);
            Ok(if forget.await? {
                Next::Again
            } else {
                Next::At(later.unwrap_or(Timestamp::MAX))
            })
        })
    }
}

/// Of one portion; answers whether there was any.
async fn forget(tx: &mut Tx) -> Result<bool, DbError> {
    let left = market::left(tx, PORTION).await?;
    market::forget_terms(tx, &left).await?;
    Ok(!left.is_empty())
}
