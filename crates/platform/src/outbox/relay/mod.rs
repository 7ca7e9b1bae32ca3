//! Carries events from the outbox to the bus, in batches, at least once each.

mod lease;
mod spans;
mod stream;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use jiff::{SignedDuration, Timestamp};
use metrics::Gauge;
use parking_lot::Mutex;
use tessera_contracts::events::EventType;
use uuid::Uuid;

use super::SIGNAL;
use crate::BoxFuture;
use crate::bus::{Bus, Confirmed, Message};
use crate::clock::Clock;
use crate::db::{Db, DbError, FromRow, Param, Row, Tx};
use crate::instruments;
use crate::telemetry::traces::Tracer;
use crate::worker::{Next, Worker, WorkerError};
use lease::{Lease, TakenBy};

// 256 at once, and by what is unpublished, never by "after the last one": transactions commit out of order.
const UNPUBLISHED: &str = "SELECT id, type, payload, created_at FROM outbox
    WHERE published_at IS NULL ORDER BY id LIMIT 256";
const OLDEST: &str = "SELECT created_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1";
// Sixteen by one statement: a server answers each statement by itself.
const MARK: &str = "UPDATE outbox SET published_at = $1 WHERE published_at IS NULL AND id IN
    ($2, $3, $4, $5, $6, $7, $8, $9, $10,
    $11, $12, $13, $14, $15, $16, $17)";
const MARKED_BY_ONE: usize = 16;

/// How often a stream is looked at while there is nothing to publish.
const LOOK_EVERY: SignedDuration = SignedDuration::from_secs(5);

/// The worker that publishes one service's outbox.
pub struct Relay {
    owner: &'static str,
    db: Db,
    bus: Bus,
    clock: Clock,
    lease: Lease,
    looked_at: Mutex<Option<Timestamp>>,
    /// What it has noted as confirmed, for as long as nobody else can have noted more.
    noted: Mutex<Option<Confirmed>>,
    age: Gauge,
    tracer: Tracer,
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
    /// A relay from the outbox in `db` to `bus`; `me` tells the processes of the service apart.
    pub fn new(owner: &'static str, db: Db, bus: Bus, clock: Clock, me: Uuid) -> Relay {
        Relay {
            owner,
            lease: Lease::new(owner, db.clone(), me),
            db,
            bus,
            clock,
            looked_at: Mutex::default(),
            noted: Mutex::default(),
            age: instruments::outbox_age(owner),
            tracer: Tracer::default(),
        }
    }

    /// Whether this process is the one that publishes, as it was last seen.
    pub fn leads(&self) -> Arc<AtomicBool> {
        self.lease.leads()
    }

    /// Records what it publishes.
    #[must_use]
    pub fn traced(mut self, tracer: Tracer) -> Relay {
        self.tracer = tracer;
        self
    }

    async fn step(&self) -> Result<Next, WorkerError> {
        let now = self.clock.now();
        if !self.lease.is_mine(now) {
            let oldest: Vec<(Timestamp,)> = self.db.few(OLDEST, &[]).await?;
            if oldest.is_empty() {
                self.age.set(0.0);
                if !self.is_time_to_look(now) {
                    return Ok(Next::Idle);
                }
            }
            *self.noted.lock() = None;
            match self.lease.take(now).await {
                Ok(()) => {}
                Err(TakenBy::Failed(error)) => return Err(error.into()),
                Err(TakenBy::Other(held)) => {
                    // How old it is, is the holder's to say.
                    self.age.set(0.0);
                    self.bus.nudge(self.owner, held.by).await;
                    return Ok(Next::At(held.until));
                }
            }
        }
        let batch: Vec<Unpublished> = self.db.few(UNPUBLISHED, &[]).await?;
        // Before the bus is asked for anything: while it is away, nothing comes after that.
        let waits = batch
            .first()
            .map(|event| now.duration_since(event.created_at));
        self.age.set(waits.map_or(0.0, |span| span.as_secs_f64()));
        self.look_at_stream(now).await?;
        if batch.is_empty() {
            return Ok(Next::Idle);
        }
        self.publish(batch).await?;
        Ok(Next::Again)
    }

    fn is_time_to_look(&self, now: Timestamp) -> bool {
        let looked = *self.looked_at.lock();
        self.bus.has_stream() && looked.is_none_or(|at| now.duration_since(at) >= LOOK_EVERY)
    }

    /// Whether the stream still has what it confirmed; what it may lack is published again.
    async fn look_at_stream(&self, now: Timestamp) -> Result<(), WorkerError> {
        if !self.is_time_to_look(now) {
            return Ok(());
        }
        if let Some(confirmed) = stream::confirmed(&self.db).await?
            && !self.bus.still_has(&confirmed).await?
        {
            self.refill().await?;
        }
        *self.looked_at.lock() = Some(now);
        Ok(())
    }

    /// What the stream had already has an older place in it.
    fn note(&self, confirmed: Option<Confirmed>) {
        let mut noted = self.noted.lock();
        let is_older = noted
            .as_ref()
            .zip(confirmed.as_ref())
            .is_some_and(|(noted, new)| {
                noted.created == new.created && noted.sequence > new.sequence
            });
        if !is_older {
            *noted = confirmed;
        }
    }

    async fn refill(&self) -> Result<(), WorkerError> {
        let service = self.owner;
        *self.noted.lock() = None;
        tracing::warn!(
            service,
            "the stream lacks what it confirmed: filling it from the outbox"
        );
        let count = stream::refill(&self.db).await?;
        tracing::warn!(service, count, "events will be published again");
        Ok(())
    }

    /// Whether the stream lacks the last message that it confirmed before this batch. Asked once it has the batch, and
    /// before that is noted: a stream that went back and has grown beyond that place since would not be found out
    /// any more.
    async fn went_back(&self) -> Result<bool, WorkerError> {
        let noted = self.noted.lock().clone();
        let before = match noted {
            Some(before) => Some(before),
            None => stream::confirmed(&self.db).await?,
        };
        let Some(before) = before else {
            return Ok(false);
        };
        Ok(!self.bus.is_in_place(&before).await? && !self.bus.still_has(&before).await?)
    }

    async fn publish(&self, batch: Vec<Unpublished>) -> Result<(), WorkerError> {
        let ids: Vec<Uuid> = batch.iter().map(|event| event.id).collect();
        let messages: Vec<Message> = batch.into_iter().map(Message::from).collect();
        let spans = spans::Begun::of(&self.tracer, &messages);
        let confirmed = self.bus.publish(messages).await?;
        spans.record(&self.bus);
        if confirmed.is_some() && self.went_back().await? {
            return self.refill().await;
        }
        // Dying before this line publishes the batch again: every inbox knows the ids.
        self.db
            .write_bulk((ids, confirmed.clone()), |tx, (ids, confirmed)| {
                Box::pin(mark(tx, ids, confirmed.as_ref()))
            })
            .await?;
        self.note(confirmed);
        Ok(())
    }
}

async fn mark(tx: &mut Tx, ids: &[Uuid], confirmed: Option<&Confirmed>) -> Result<(), DbError> {
    let now = Param::Time(tx.now());
    // The last one fills its statement up with what it has already.
    let sixteen = |ids: &[Uuid]| {
        let ids = ids.iter().cycle().take(MARKED_BY_ONE);
        let ids = ids.map(|id| Param::Uuid(*id));
        std::iter::once(now.clone())
            .chain(ids)
            .collect::<Vec<Param<'_>>>()
    };
    if let Some(confirmed) = confirmed {
        stream::advance(tx, confirmed).await?;
    }
    // All of it travels with the commit: how many were marked is of no interest.
    for ids in ids.chunks(MARKED_BY_ONE) {
        tx.later(MARK, &sixteen(ids)).await?;
    }
    Ok(())
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
        Box::pin(self.step())
    }

    /// Another process publishes from here on, and need not wait until this one is missed.
    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(async {
            match self.lease.give_back().await {
                Ok(()) => self.bus.nudge_all(self.owner).await,
                Err(error) => {
                    tracing::info!(service = self.owner, %error, "the relay's lease runs out by itself");
                }
            }
        })
    }
}
