//! Takes away rows that are no longer needed, a portion at a time, every ten minutes.

use jiff::{SignedDuration, Timestamp};

use crate::BoxFuture;
use crate::clock::Clock;
use crate::db::{Db, DbError, Tx};
use crate::worker::{Next, Worker, WorkerError};

const EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Takes away one portion, and answers whether there may be more.
pub type Portion = for<'a> fn(&'a mut Tx) -> BoxFuture<'a, Result<bool, DbError>>;

/// The worker that does so.
pub struct Pruner {
    name: &'static str,
    db: Db,
    clock: Clock,
    portion: Portion,
}

impl Pruner {
    /// Prunes in `db`, under this name in the logs.
    pub fn new(name: &'static str, db: Db, clock: Clock, portion: Portion) -> Pruner {
        Pruner {
            name,
            db,
            clock,
            portion,
        }
    }

    async fn step(&self) -> Result<Next, WorkerError> {
        let portion = self.portion;
        let pruned = self.db.write_bulk(portion, |tx, portion| portion(tx));
        if pruned.await? {
            return Ok(Next::Again);
        }
        let later = self.clock.now().saturating_add(EVERY);
        Ok(Next::At(later.unwrap_or(Timestamp::MAX)))
    }
}

impl Worker for Pruner {
    fn name(&self) -> &'static str {
        self.name
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.step())
    }
}
