//! Carries events from the outbox to the bus, in batches, at least once each.

mod lease;
mod rows;
mod spans;
mod stream;
mod underway;

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
use rows::{AT_ONCE, MARKED_AT, Unmarked, Unpublished};
use underway::Underway;

/// After a few that a stream took one waits a little: a batch has its price, whoever comes meanwhile shares the next
/// one's, and the first one after a pause does not wait.
const REST: Duration = Duration::from_millis(3);

/// How long it waits for batches that are on their way before it looks again, whether it was woken or not.
const LOOK_BESIDE: Duration = Duration::from_secs(1);

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
    /// In one process. One step at a time has them.
    underway: tokio::sync::Mutex<Underway>,
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
            underway: tokio::sync::Mutex::default(),
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
                    self.finish().await?;
                    // How old it is, is the holder's to say.
                    self.age.set(0.0);
                    self.bus.nudge(self.owner, held.by).await;
                    return Ok(Next::At(held.until));
                }
            }
        }
        if self.bus.has_stream() {
            self.publish_to_stream(now).await
        } else {
            self.publish_beside(now).await
        }
    }

    async fn publish_to_stream(&self, now: Timestamp) -> Result<Next, WorkerError> {
        let unmarked = self.unmarked.lock().ids.clone();
        let batch = rows::unpublished(&self.db, &unmarked).await?;
        // Before the bus is asked for anything: while it is away, nothing comes after that.
        self.note_age(batch.first().map(|event| event.created_at), now);
        self.look_at_stream(now).await?;
        if batch.is_empty() {
            return self.mark().await;
        }
        let is_worth_a_rest = batch.len() < MARKED_AT;
        // The model: Action::Deliver, DeliverAgain.
        self.publish(batch).await?;
        if is_worth_a_rest {
            pause(REST).await;
        }
        Ok(Next::Again)
    }

    /// In one process: beside the batches that are on their way already.
    async fn publish_beside(&self, now: Timestamp) -> Result<Next, WorkerError> {
        let mut underway = self.underway.lock().await;
        let mut may_be_more = true;
        if underway.has_room() {
            let batch = rows::unpublished_beside(&self.db, underway.bounds()).await?;
            may_be_more = batch.len() == AT_ONCE;
            if !batch.is_empty() {
                underway.begin(&batch, self.carry(&batch));
            }
        }
        self.note_age(underway.oldest(), now);
        if underway.is_empty() {
            return Ok(Next::Idle);
        }
        self.wait_beside(&mut underway, may_be_more).await?;
        Ok(Next::Again)
    }

    /// Until there is more to publish, and room for it; or all have come; or it is time to look again.
    async fn wait_beside(
        &self,
        underway: &mut Underway,
        may_be_more: bool,
    ) -> Result<(), WorkerError> {
        let more = self.db.signal(SIGNAL);
        let mut long_enough = std::pin::pin!(pause(LOOK_BESIDE));
        while !underway.is_empty() {
            let has_room = underway.has_room();
            if has_room && may_be_more {
                break;
            }
            tokio::select! {
                biased;
                further = underway.progress(&self.db) => further?,
                () = more.notified(), if has_room => break,
                () = &mut long_enough => break,
            }
        }
        Ok(())
    }

    /// Has a batch handed to every inbox of the process.
    fn carry(
        &self,
        batch: &[Unpublished],
    ) -> impl Future<Output = Result<(), WorkerError>> + Send + 'static + use<> {
        let messages: Vec<Message> = batch.iter().map(Message::from).collect();
        let (bus, spans) = (self.bus.clone(), spans::Begun::of(&self.tracer, &messages));
        // The model: Action::Deliver, DeliverAgain.
        async move {
            // Dying before they are marked publishes them again: every inbox knows the ids.
            bus.publish(messages).await?;
            spans.record(&bus);
            Ok(())
        }
    }

    fn note_age(&self, oldest: Option<Timestamp>, now: Timestamp) {
        let waits = oldest.map(|created_at| now.duration_since(created_at));
        self.age.set(waits.map_or(0.0, |span| span.as_secs_f64()));
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
        let messages: Vec<Message> = batch.iter().map(Message::from).collect();
        let spans = spans::Begun::of(&self.tracer, &messages);
        let confirmed = self.bus.publish(messages).await?;
        spans.record(&self.bus);
        // Dying before they are marked publishes them again: every inbox knows the ids.
        let count = {
            let mut unmarked = self.unmarked.lock();
            unmarked.add(ids, confirmed);
            unmarked.ids.len()
        };
        if count >= MARKED_AT {
            self.mark().await?;
        }
        Ok(())
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
        if !self.lease.is_held(self.clock.now()) {
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

    /// Waits for what is on its way.
    async fn finish(&self) -> Result<(), WorkerError> {
        let mut underway = self.underway.lock().await;
        let mut end = Ok(());
        while !underway.is_empty() {
            end = end.and(underway.progress(&self.db).await);
        }
        end
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
async fn pause(span: Duration) {
    tokio::time::sleep(span).await;
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
            // An inbox that is slow keeps the lease from nobody: what is published twice has one effect.
            let (finished, given_back) = join(self.finish(), self.lease.give_back()).await;
            if let Err(error) = finished {
                tracing::info!(service = self.owner, %error, "what was published last is published again");
            }
            match given_back {
                Ok(()) => self.bus.nudge_all(self.owner).await,
                Err(error) => {
                    tracing::info!(service = self.owner, %error, "the relay's lease runs out by itself");
                }
            }
        })
    }
}
