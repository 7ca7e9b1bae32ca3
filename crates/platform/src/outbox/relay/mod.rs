//! Carries events from the outbox to the bus, in batches, at least once each.

mod lease;
mod rows;
mod spans;
mod stream;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use futures_util::future::{join, try_join_all};
use jiff::{SignedDuration, Timestamp};
use metrics::Gauge;
use parking_lot::Mutex;
use uuid::Uuid;

use super::SIGNAL;
use crate::BoxFuture;
use crate::bus::{Bus, Confirmed, Message};
use crate::clock::Clock;
use crate::db::Db;
use crate::instruments;
use crate::telemetry::traces::Tracer;
use crate::worker::{Next, Worker, WorkerError};
use lease::{Lease, TakenBy};
use rows::{MARKED_AT, Unmarked, Unpublished};

/// After a few that a stream took one waits a little: a batch has its price, whoever comes meanwhile shares the next
/// one's, and the first one after a pause does not wait. In one process it is the marks that wait so long.
const REST: Duration = Duration::from_millis(3);

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
    unmarked: Mutex<Unmarked>,
    age: Gauge,
    tracer: Tracer,
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
            unmarked: Mutex::default(),
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
            self.mark().await?;
            if rows::oldest(&self.db).await?.is_none() {
                self.age.set(0.0);
                if !self.is_time_to_look(now) {
                    return Ok(Next::Idle);
                }
            }
            self.forget();
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
        let unmarked = self.unmarked.lock().ids.clone();
        let batch = if self.bus.has_stream() {
            rows::unpublished(&self.db, &unmarked).await?
        } else {
            rows::unpublished_beside(&self.db, &unmarked).await?
        };
        // Before the bus is asked for anything: while it is away, nothing comes after that.
        let waits = batch
            .first()
            .map(|event| now.duration_since(event.created_at));
        self.age.set(waits.map_or(0.0, |span| span.as_secs_f64()));
        self.look_at_stream(now).await?;
        if batch.is_empty() {
            return self.mark_unless_more_comes().await;
        }
        let is_worth_a_rest = self.bus.has_stream() && batch.len() < MARKED_AT;
        // The model: Action::Deliver, DeliverAgain.
        self.publish(batch).await?;
        if is_worth_a_rest {
            rest().await;
        }
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

    async fn refill(&self) -> Result<(), WorkerError> {
        let service = self.owner;
        self.forget();
        tracing::warn!(
            service,
            "the stream lacks what it confirmed: filling it from the outbox"
        );
        let count = stream::refill(&self.db).await?;
        tracing::warn!(service, count, "events will be published again");
        Ok(())
    }

    /// Whether the stream lacks one of the messages that it confirmed before the last batch. Asked once it has that,
    /// and before it is noted: a stream that went back and has grown beyond such a place since would not be found
    /// out any more.
    async fn went_back(&self, batches: &[Confirmed]) -> Result<bool, WorkerError> {
        let noted = self.noted.lock().clone();
        let noted = match noted {
            Some(noted) => Some(noted),
            None => stream::confirmed(&self.db).await?,
        };
        let before = batches.split_last().map_or(&[][..], |(_, before)| before);
        let lacks = noted.iter().chain(before).map(|place| self.lacks(place));
        Ok(try_join_all(lacks).await?.contains(&true))
    }

    async fn lacks(&self, place: &Confirmed) -> Result<bool, WorkerError> {
        Ok(!self.bus.is_in_place(place).await? && !self.bus.still_has(place).await?)
    }

    async fn publish(&self, batch: Vec<Unpublished>) -> Result<(), WorkerError> {
        let ids: Vec<Uuid> = batch.iter().map(|event| event.id).collect();
        let messages: Vec<Message> = batch.into_iter().map(Message::from).collect();
        let spans = spans::Begun::of(&self.tracer, &messages);
        let confirmed = if self.bus.has_stream() {
            self.bus.publish(messages).await?
        } else {
            // Events need not wait until those before them are marked, only until these have come.
            let (published, marked) = join(self.bus.publish(messages), self.mark()).await;
            marked?;
            published?
        };
        spans.record(&self.bus);
        // Dying before they are marked publishes them again: every inbox knows the ids.
        let count = {
            let mut unmarked = self.unmarked.lock();
            unmarked.add(ids, confirmed);
            unmarked.ids.len()
        };
        if self.bus.has_stream() && count >= MARKED_AT {
            self.mark().await?;
        }
        Ok(())
    }

    /// In one process marks go beside the next batch, where one comes soon: by themselves they would keep it waiting.
    async fn mark_unless_more_comes(&self) -> Result<Next, WorkerError> {
        if !self.bus.has_stream() && !self.unmarked.lock().ids.is_empty() {
            let more = self.db.signal(SIGNAL);
            tokio::select! {
                biased;
                () = more.notified() => return Ok(Next::Again),
                () = rest() => {}
            }
        }
        self.mark().await
    }

    /// Marks what the bus has, as long as nobody else can have found out that it lacks some of it. While there is more to
    /// publish that waits until it is worth its while: it takes as long as to publish.
    async fn mark(&self) -> Result<Next, WorkerError> {
        let unmarked = std::mem::take(&mut *self.unmarked.lock());
        if unmarked.ids.is_empty() {
            return Ok(Next::Idle);
        }
        if !unmarked.batches.is_empty() && self.went_back(&unmarked.batches).await? {
            self.refill().await?;
            return Ok(Next::Again);
        }
        // A bus without a stream has nothing that another process could find to be lost.
        if self.bus.has_stream() && !self.lease.is_held(self.clock.now()) {
            return Ok(Next::Again);
        }
        let confirmed = unmarked.last();
        let mark = self
            .db
            .write_bulk(unmarked, |tx, unmarked| Box::pin(rows::mark(tx, unmarked)));
        mark.await?;
        if let Some(confirmed) = confirmed {
            let mut noted = self.noted.lock();
            *noted = Some(rows::later(noted.take(), confirmed));
        }
        Ok(Next::Idle)
    }

    /// What is known of the stream may not be so any more.
    fn forget(&self) {
        *self.noted.lock() = None;
        *self.unmarked.lock() = Unmarked::default();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the bus and the writer have the machine's own time, which no test moves"
)]
async fn rest() {
    tokio::time::sleep(REST).await;
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
            if !self.bus.has_stream()
                && let Err(error) = self.mark().await
            {
                tracing::info!(service = self.owner, %error, "what was published last is published again");
            }
            match self.lease.give_back().await {
                Ok(()) => self.bus.nudge_all(self.owner).await,
                Err(error) => {
                    tracing::info!(service = self.owner, %error, "the relay's lease runs out by itself");
                }
            }
        })
    }
}
