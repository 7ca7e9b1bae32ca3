//! Takes away what is no longer needed of the mechanisms' tables, a little at a time.

use jiff::{SignedDuration, Timestamp};
use uuid::{Builder, Uuid};

use crate::BoxFuture;
use crate::clock::Clock;
use crate::db::{Db, DbError, Tx};
use crate::http::idempotency;
use crate::params;
use crate::session::{Sessions, ended};
use crate::worker::{Next, Worker, WorkerError};

/// How long a published event can be published again from its outbox.
pub const OUTBOX_DAYS: i64 = 7;
/// How long an inbox knows that an event was done: longer than any outbox can repeat it.
pub const INBOX_DAYS: i64 = 14;

const EVERY: SignedDuration = SignedDuration::from_mins(10);
const ROWS_AT_ONCE: u64 = 500;

// Ids rise with time, so the oldest rows are found by the primary key alone. What counts is when
// they were published or received: after a long standstill, old events have only just moved. The second
// look at it is for a row that another transaction changes meanwhile, such as by a replay.
const PRUNE_OUTBOX: &str = "DELETE FROM outbox WHERE id IN (
    SELECT id FROM outbox WHERE id < $1 AND published_at < $2 ORDER BY id LIMIT 500)
    AND published_at < $2";
const PRUNE_INBOX: &str = "DELETE FROM inbox WHERE event_id IN (
    SELECT event_id FROM inbox WHERE event_id < $1 AND received_at < $2 AND state = 'done'
    ORDER BY event_id LIMIT 500)
    AND received_at < $2 AND state = 'done'";

/// The worker that prunes the outbox, the inbox, the idempotency keys and the ended sessions of one
/// service.
pub struct Retention {
    db: Db,
    clock: Clock,
    sessions: Sessions,
}

impl Retention {
    /// Prunes the tables in `db`.
    pub fn new(db: Db, clock: Clock, sessions: Sessions) -> Retention {
        Retention {
            db,
            clock,
            sessions,
        }
    }

    async fn prune(&self) -> Result<Next, WorkerError> {
        let pruned = self.db.write_bulk((), |tx, ()| Box::pin(prune(tx))).await?;
        self.sessions.ended().forget_past(self.clock.now());
        let next = self
            .clock
            .now()
            .saturating_add(EVERY)
            .unwrap_or(Timestamp::MAX);
        Ok(if pruned { Next::Again } else { Next::At(next) })
    }
}

/// Prunes one portion; answers whether there may be more.
async fn prune(tx: &mut Tx) -> Result<bool, DbError> {
    let published = days_before(tx.now(), OUTBOX_DAYS);
    let outbox = tx
        .execute(PRUNE_OUTBOX, &params![first_id_of(published), published])
        .await?;
    let received = days_before(tx.now(), INBOX_DAYS);
    let inbox = tx
        .execute(PRUNE_INBOX, &params![first_id_of(received), received])
        .await?;
    let keys = idempotency::prune(tx).await?;
    let sessions = ended::prune(tx).await?;
    Ok(outbox == ROWS_AT_ONCE || inbox == ROWS_AT_ONCE || keys || sessions)
}

fn days_before(now: Timestamp, days: i64) -> Timestamp {
    now.saturating_sub(SignedDuration::from_hours(24 * days))
        .unwrap_or(Timestamp::MIN)
}

/// The smallest id that could have been drawn at `moment`.
fn first_id_of(moment: Timestamp) -> Uuid {
    let millis = u64::try_from(moment.as_millisecond()).unwrap_or(0);
    Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}

impl Worker for Retention {
    fn name(&self) -> &'static str {
        "retention"
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.prune())
    }
}
