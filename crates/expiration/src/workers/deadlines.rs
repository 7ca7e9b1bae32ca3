//! Tells of the deadlines that have come: each exactly once, however many and however late.

use tessera_contracts::events::{EventData, ExpirationComplete};
use tessera_platform::BoxFuture;
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Tx};
use tessera_platform::outbox;
use tessera_platform::worker::{Next, Worker, WorkerError};

use crate::store;

/// Wakes the worker: a deadline was noted that may be the earliest.
pub const SIGNAL: &str = "deadlines";

/// The worker that sleeps until the next deadline.
pub struct Deadlines {
    db: Db,
    clock: Clock,
}

impl Deadlines {
    /// Tells of the deadlines in `db`.
    pub fn new(db: Db, clock: Clock) -> Deadlines {
        Deadlines { db, clock }
    }

    async fn step(&self) -> Result<Next, WorkerError> {
        match store::next(&self.db).await? {
            None => return Ok(Next::Idle),
            Some(moment) if moment > self.clock.now() => return Ok(Next::At(moment)),
            Some(_) => {}
        }
        let told = self.db.write_bulk((), |tx, ()| Box::pin(tell(tx))).await?;
        // None: another process was faster.
        Ok(if told == 0 { Next::Idle } else { Next::Again })
    }
}

/// Takes one portion and appends its events, in one transaction. Answers how many they were.
async fn tell(tx: &mut Tx) -> Result<usize, DbError> {
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

#[cfg(test)]
mod tests {
    use futures_util::future::join;
    use tessera_platform::params;
    use tessera_platform::testing::TestApp;

    use super::*;

    #[tokio::test]
    async fn two_workers_at_once_tell_of_each_deadline_once() {
        let app = TestApp::start(&[crate::DEFINITION]).await;
        let db = app.db("expiration");
        let sql = "INSERT INTO deadlines (order_id, version, state, expires_at, changed_at)
            VALUES ($1, 0, 'waiting', $2, $2)";
        let ids: Vec<_> = (0..1_200).map(|_| app.ids.next()).collect();
        let insert = db.write(ids, move |tx, ids| {
            Box::pin(async move {
                let now = tx.now();
                let rows: Vec<_> = ids.iter().map(|id| params![*id, now].to_vec()).collect();
                tx.execute_many(sql, &rows).await
            })
        });
        insert
            .await
            .map_err(|error: DbError| error.to_string())
            .unwrap();

        let workers = [0, 1].map(|_| Deadlines::new(db.clone(), app.clock.clone()));
        loop {
            let (one, two) = join(workers[0].run(), workers[1].run()).await;
            if (one.unwrap(), two.unwrap()) == (Next::Idle, Next::Idle) {
                break;
            }
        }
        assert_eq!(app.published("expiration").await.len(), 1_200);
    }
}
