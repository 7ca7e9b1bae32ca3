//! Takes events in, each exactly once.
//!
//! A batch runs in one transaction (on a server, in a few): for each event an inbox row (already
//! there: a duplicate) and the handler's changes. When one event fails, the batch is rolled back and
//! run again one by one, and the failing event's row keeps its payload, its error and the time of its
//! next try: a poison event never blocks the others. A failure of the database itself counts for no
//! event: the whole batch is offered again by the bus.

mod account;
mod dead;
mod handle;
mod left;
mod retry;
mod waves;

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use metrics::Histogram;
use tessera_contracts::events::{Event, EventType};

use crate::arrival::Arrivals;
use crate::bus::Message;
use crate::clock::Clock;
use crate::consumer::Consumer;
use crate::db::{Db, DbError};
use crate::http::trace;
use crate::instruments;
use crate::session::Sessions;
use crate::telemetry::traces::Tracer;
use account::Books;
use handle::{Batch, Handled, Letter};
use waves::about;

pub use dead::{DeadLetter, list_dead, retry_dead};
pub use left::Unfollowed;
pub use retry::Retry;

/// Wakes the retry worker.
pub const SIGNAL: &str = "inbox";

/// After so many failed tries, an event is dead until an operator retries it.
pub const MOST_ATTEMPTS: i64 = 12;

/// One service's inbox.
pub struct Inbox {
    owner: &'static str,
    db: Db,
    clock: Clock,
    handlers: Arc<Handlers>,
    lag: Histogram,
    books: Arc<Books>,
    arrivals: Arrivals,
}

/// Who handles an event: the service itself, and for ended sessions the platform.
pub(crate) struct Handlers {
    pub(crate) consumer: Option<Arc<dyn Consumer>>,
    pub(crate) sessions: Option<Sessions>,
}

impl Handlers {
    fn follows(&self) -> Vec<EventType> {
        EventType::ALL
            .iter()
            .copied()
            .filter(|event_type| self.wants(*event_type))
            .collect()
    }

    fn wants(&self, event_type: EventType) -> bool {
        let consumes = |consumer: &Arc<dyn Consumer>| consumer.event_types().contains(&event_type);
        let follows_sessions = self.sessions.is_some() && event_type == EventType::SessionEnded;
        follows_sessions || self.consumer.as_ref().is_some_and(consumes)
    }
}

impl Inbox {
    /// The inbox of `owner` in `db`, in front of its handlers.
    pub fn new(
        owner: &'static str,
        db: Db,
        clock: Clock,
        consumer: Option<Arc<dyn Consumer>>,
        sessions: Option<Sessions>,
    ) -> Inbox {
        let handlers = Arc::new(Handlers { consumer, sessions });
        let books = Books::open(owner, &handlers.follows(), Tracer::default(), "");
        Inbox {
            owner,
            db,
            clock,
            handlers,
            lag: instruments::consumer_lag(owner),
            books: Arc::new(books),
            arrivals: Arrivals::default(),
        }
    }

    /// Records the events that it takes in, from a bus of this name.
    #[must_use]
    pub fn traced(mut self, tracer: Tracer, system: &'static str) -> Inbox {
        self.books = Arc::new(Books::open(self.owner, &self.follows(), tracer, system));
        self
    }

    /// Tells who waits for what it takes in.
    #[must_use]
    pub fn announced(mut self, arrivals: Arrivals) -> Inbox {
        self.arrivals = arrivals;
        self
    }

    /// The service whose inbox it is.
    pub fn owner(&self) -> &'static str {
        self.owner
    }

    /// The events that its service follows.
    pub fn follows(&self) -> Vec<EventType> {
        self.handlers.follows()
    }

    /// Takes in those of `messages` that its service follows. Answers once their effects, or the
    /// rows of their failures, are durable.
    pub async fn receive(&self, messages: &[Message]) -> Result<(), DbError> {
        let wanted = messages
            .iter()
            .filter(|message| self.handlers.wants(message.event_type));
        let mut letters: Vec<Letter> = wanted
            .map(|message| Letter::open(message, self.books.tracer()))
            .collect();
        if letters.is_empty() {
            return Ok(());
        }
        letters.sort_by_key(|letter| letter.id);
        self.note_lag(&letters);
        // Should one of them fail, those before it are known when all are offered again.
        while !letters.is_empty() {
            let rest = letters.split_off(self.db.batch_bound().min(letters.len()));
            self.receive_together(letters).await?;
            letters = rest;
        }
        Ok(())
    }

    /// Keeps events that this version does not follow, for one that does.
    pub async fn leave(&self, events: &[Unfollowed]) -> Result<(), DbError> {
        for events in events.chunks(self.db.batch_bound()) {
            left::leave(&self.db, events).await?;
        }
        Ok(())
    }

    /// Whether its service follows events of this type.
    pub fn wants(&self, event_type: EventType) -> bool {
        self.handlers.wants(event_type)
    }

    /// Takes events in by one transaction, or one by one if that fails.
    async fn receive_together(&self, letters: Vec<Letter>) -> Result<(), DbError> {
        let batch = Arc::new(Batch {
            letters,
            handlers: self.handlers.clone(),
            runs: AtomicUsize::new(0),
        });
        let together = self.db.write_bulk(batch.clone(), |tx, batch| {
            Box::pin(handle::together(tx, batch))
        });
        match together.await {
            Ok(()) => {
                for letter in &batch.letters {
                    self.books.committed(letter);
                }
                self.announce(&batch.letters);
                Ok(())
            }
            Err(Handled::Engine(error)) => Err(error),
            // Some event failed: find out which, and let the others pass.
            Err(_) => self.receive_one_by_one(&batch).await,
        }
    }

    async fn receive_one_by_one(&self, batch: &Arc<Batch>) -> Result<(), DbError> {
        for (index, letter) in batch.letters.iter().enumerate() {
            let input = (batch.clone(), index);
            let alone = self.db.write_bulk(input, |tx, (batch, index)| {
                Box::pin(handle::alone(tx, batch, *index))
            });
            let verdict = match alone.await {
                Ok(()) => {
                    self.books.committed(letter);
                    self.announce(std::slice::from_ref(letter));
                    continue;
                }
                Err(Handled::Engine(error)) => return Err(error),
                Err(verdict) => verdict,
            };
            self.books.not_handled(letter, &verdict);
            trace::run_within(letter.account.step(), || {
                tracing::warn!(service = self.owner, event = %letter.id, %verdict, "an event was not handled");
            });
            let input = (batch.clone(), index, verdict);
            self.db
                .write_bulk(input, |tx, (batch, index, verdict)| {
                    Box::pin(handle::record(tx, batch, *index, verdict))
                })
                .await?;
        }
        Ok(())
    }

    fn announce(&self, letters: &[Letter]) {
        if !self.arrivals.is_awaited() {
            return;
        }
        for id in letters.iter().filter_map(about).flatten() {
            self.arrivals.came(id);
        }
    }

    fn note_lag(&self, letters: &[Letter]) {
        let oldest = letters
            .iter()
            .filter_map(|letter| (*letter.event).as_ref().ok())
            .map(|event: &Event| event.time)
            .min();
        if let Some(time) = oldest {
            self.lag
                .record(self.clock.now().duration_since(time).as_secs_f64());
        }
    }

    /// The worker that handles again what failed or was put off.
    pub fn retry(&self) -> Retry {
        Retry::new(
            self.owner,
            self.db.clone(),
            self.clock.clone(),
            self.handlers.clone(),
            self.books.clone(),
        )
    }
}
