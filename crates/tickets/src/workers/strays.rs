//! Puts listings back that are aside although nobody has reserved them. This version leaves none; a process of an older version, beside which
//! this one may run, knows of nothing that is aside.

use jiff::{SignedDuration, Timestamp};
use parking_lot::Mutex;
use tessera_contracts::TicketId;
use tessera_platform::BoxFuture;
use tessera_platform::clock::Clock;
use tessera_platform::db::Db;
use tessera_platform::worker::{Next, Worker, WorkerError};
use uuid::Uuid;

use crate::store::market;

/// From one look at all of them to the next.
const EVERY: SignedDuration = SignedDuration::from_secs(60);

/// Listings of one step.
const PORTION: i64 = 1_000;

/// The worker.
pub struct Strays {
    db: Db,
    clock: Clock,
    /// How far it has looked.
    after: Mutex<TicketId>,
}

impl Strays {
    pub fn new(db: Db, clock: Clock) -> Strays {
        Strays {
            db,
            clock,
            after: Mutex::new(Uuid::nil().into()),
        }
    }
}

impl Worker for Strays {
    fn name(&self) -> &'static str {
        "strays"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(async move {
            let after = *self.after.lock();
            let aside = market::aside(&self.db, after, PORTION).await?;
            let strays = aside.iter().filter(|(_, is_reserved)| !*is_reserved);
            let strays: Vec<TicketId> = strays.map(|(id, _)| *id).collect();
            if !strays.is_empty() {
                let put_back = self
                    .db
                    .write_bulk(strays, |tx, ids| Box::pin(market::put_back(tx, ids)));
                put_back.await?;
            }
            let last = aside.last().map(|(id, _)| *id);
            *self.after.lock() = last.unwrap_or(Uuid::nil().into());
            let later = self.clock.now().saturating_add(EVERY);
            Ok(if last.is_some() {
                Next::Again
            } else {
                Next::At(later.unwrap_or(Timestamp::MAX))
            })
        })
    }
}
