//! Tells of the deadlines that have come: each exactly once, however many and however late.

use metrics::Gauge;
use tessera_contracts::events::{EventData, ExpirationComplete};
use tessera_platform::BoxFuture;
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Tx};
use tessera_platform::outbox;
use tessera_platform::worker::{Next, Worker, WorkerError};

use crate::{instruments, store};

/// Wakes the worker: a deadline was noted that may be the earliest.
pub const SIGNAL: &str = "deadlines";

/// The worker that sleeps until the next deadline.
pub struct Deadlines {
    db: Db,
    clock: Clock,
    overdue: Gauge,
}

impl Deadlines {
    /// Tells of the deadlines in `db`.
    pub fn new(db: Db, clock: Clock) -> Deadlines {
        Deadlines {
            db,
            clock,
            overdue: instruments::locks_overdue(),
        }
    }

    async fn step(&self) -> Result<Next, WorkerError> {
        let (next, now) = (store::next(&self.db).await?, self.clock.now());
        let late = next.map_or(0.0, |moment| now.duration_since(moment).as_secs_f64());
        self.overdue.set(late.max(0.0));
        match next {
            None => return Ok(Next::Idle),
            Some(moment) if moment > now => return Ok(Next::At(moment)),
            Some(_) => {}
        }
        let told = self.db.write_bulk((), |tx, ()| Box::pin(tell(tx))).await?;
        // None: another process was faster.
        Ok(if told == 0 { Next::Idle } else { Next::Again })
    }
}

/// Takes one portion and appends its events, in one transaction. Answers how many they were.
async fn tell(tx: &mut Tx) -> Result<usize, DbError> {
    // The model: services::expiration::tell.
    let due = store::take_due(tx).await?;
    for order_id in &due {
        let complete = ExpirationComplete {
            order_id: *order_id,
        };
        outbox::append(tx, EventData::ExpirationComplete(complete)).await?;
    }
    Ok(due.len())
}

impl Worker for Deadlines {
    fn name(&self) -> &'static str {
        "deadlines"
    }

    fn signal(&self) -> Option<&'static str> {
        Some(SIGNAL)
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.step())
    }
}
