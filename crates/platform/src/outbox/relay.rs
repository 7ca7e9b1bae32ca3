//! Carries events from the outbox to the bus, in batches, at least once each.

use jiff::Timestamp;
use metrics::Gauge;
use tessera_contracts::events::EventType;
use uuid::Uuid;

use super::SIGNAL;
use crate::BoxFuture;
use crate::bus::{Bus, Message};
use crate::clock::Clock;
use crate::db::{Db, DbError, FromRow, Param, Row, Tx};
use crate::instruments;
use crate::worker::{Next, Worker, WorkerError};

// 256 at once, and by what is unpublished, never by "after the last one": transactions commit out of order.
const UNPUBLISHED: &str = "SELECT id, type, payload, created_at FROM outbox
    WHERE published_at IS NULL ORDER BY id LIMIT 256";
const MARK: &str = "UPDATE outbox SET published_at = $2 WHERE id = $1 AND published_at IS NULL";

/// The worker that publishes one service's outbox.
pub struct Relay {
    db: Db,
    bus: Bus,
    clock: Clock,
    age: Gauge,
}

struct Unpublished {
    id: Uuid,
    event_type: EventType,
    payload: String,
    created_at: Timestamp,
}

impl FromRow for Unpublished {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(Unpublished {
            id: row.next()?,
            event_type: row.parse()?,
            payload: row.next()?,
            created_at: row.next()?,
        })
    }
}

impl Relay {
    /// A relay from the outbox in `db` to `bus`.
    pub fn new(owner: &'static str, db: Db, bus: Bus, clock: Clock) -> Relay {
        Relay {
            db,
            bus,
            clock,
            age: instruments::outbox_age(owner),
        }
    }

    async fn publish_batch(&self) -> Result<Next, WorkerError> {
        let batch: Vec<Unpublished> = self.db.few(UNPUBLISHED, &[]).await?;
        let Some(oldest) = batch.first() else {
            self.age.set(0.0);
            return Ok(Next::Idle);
        };
        self.age.set(
            self.clock
                .now()
                .duration_since(oldest.created_at)
                .as_secs_f64(),
        );
        let ids: Vec<Uuid> = batch.iter().map(|event| event.id).collect();
        let messages = batch.into_iter().map(Message::from).collect();
        self.bus.publish(messages).await?;
        // Dying before this line publishes the batch again: every inbox knows the ids.
        self.db
            .write_bulk(ids, |tx, ids| Box::pin(mark(tx, ids)))
            .await?;
        Ok(Next::Again)
    }
}

async fn mark(tx: &mut Tx, ids: &[Uuid]) -> Result<(), DbError> {
    let now = Param::Time(tx.now());
    let rows: Vec<Vec<Param<'_>>> = ids
        .iter()
        .map(|id| vec![Param::Uuid(*id), now.clone()])
        .collect();
    tx.execute_many(MARK, &rows).await.map(drop)
}

impl From<Unpublished> for Message {
    fn from(row: Unpublished) -> Message {
        Message {
            id: row.id.into(),
            event_type: row.event_type,
            payload: row.payload.into(),
        }
    }
}

impl Worker for Relay {
    fn name(&self) -> &'static str {
        "relay"
    }

    fn signal(&self) -> Option<&'static str> {
        Some(SIGNAL)
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.publish_batch())
    }
}
