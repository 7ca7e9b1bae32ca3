//! Handles again what failed or was put off, when its time has come.

use std::sync::Arc;

use jiff::Timestamp;
use metrics::Gauge;
use parking_lot::Mutex;
use tessera_contracts::ids::EventId;

use super::account::Books;
use super::handle::{self, Handled, Kept, Letter};
use super::{Handlers, SIGNAL, left};
use crate::BoxFuture;
use crate::clock::Clock;
use crate::db::{Db, DbError, Tx};
use crate::http::trace;
use crate::instruments;
use crate::params;
use crate::worker::{Next, Worker, WorkerError};

const DUE: &str = "SELECT event_id, attempts, received_at, payload FROM inbox
    WHERE state = 'retry' AND retry_at <= $1 ORDER BY retry_at, event_id LIMIT 64";
const NEXT: &str = "SELECT retry_at FROM inbox WHERE state = 'retry' ORDER BY retry_at LIMIT 1";
const WAITING: &str = "SELECT count(*) FROM inbox WHERE state = 'retry'";
const DEAD: &str = "SELECT count(*) FROM inbox WHERE state = 'dead'";
const DONE: &str = "UPDATE inbox SET state = 'done', retry_at = NULL, payload = NULL, error = NULL
    WHERE event_id = $1 AND state = 'retry' AND attempts = $2";
const KEEP: &str = "UPDATE inbox SET state = $3, attempts = $4, retry_at = $5, error = $6
    WHERE event_id = $1 AND state = 'retry' AND attempts = $2";

/// The worker that retries one service's events.
pub struct Retry {
    owner: &'static str,
    db: Db,
    clock: Clock,
    handlers: Arc<Handlers>,
    dead: Gauge,
    waiting: Gauge,
    start: Timestamp,
    /// How far what other versions left has been looked through since the start.
    looked_through: Mutex<Option<left::Place>>,
    books: Arc<Books>,
}

struct Due {
    letter: Letter,
    attempts: i64,
    received_at: Timestamp,
    handlers: Arc<Handlers>,
}

impl Retry {
    pub(super) fn new(
        owner: &'static str,
        db: Db,
        clock: Clock,
        handlers: Arc<Handlers>,
        books: Arc<Books>,
    ) -> Retry {
        Retry {
            owner,
            db,
            start: clock.now(),
            clock,
            handlers,
            dead: instruments::dead_letters(owner),
            waiting: instruments::inbox_waiting(owner),
            looked_through: Mutex::new(Some(left::Place::START)),
            books,
        }
    }

    async fn step(&self) -> Result<Next, WorkerError> {
        let now = self.clock.now();
        let begin = *self.looked_through.lock();
        if let Some(after) = begin {
            let last = left::look_sooner(&self.db, now, self.start, after).await?;
            *self.looked_through.lock() = last;
        }
        let due: Vec<(EventId, i64, Timestamp, String)> = self.db.few(DUE, &params![now]).await?;
        if due.is_empty() {
            return self.rest().await;
        }
        for (id, attempts, received_at, payload) in due {
            let letter = Letter::from_payload(id, payload.into(), self.books.tracer());
            self.handle(Arc::new(Due {
                letter,
                attempts,
                received_at,
                handlers: self.handlers.clone(),
            }))
            .await?;
        }
        Ok(Next::Again)
    }

    async fn rest(&self) -> Result<Next, WorkerError> {
        if let Some((dead,)) = self.db.opt::<(u32,)>(DEAD, &[]).await? {
            self.dead.set(f64::from(dead));
        }
        if let Some((waiting,)) = self.db.opt::<(u32,)>(WAITING, &[]).await? {
            self.waiting.set(f64::from(waiting));
        }
        let next: Option<(Timestamp,)> = self.db.opt(NEXT, &[]).await?;
        Ok(next.map_or(Next::Idle, |(moment,)| Next::At(moment)))
    }

    async fn handle(&self, due: Arc<Due>) -> Result<(), DbError> {
        let verdict = match self
            .db
            .write_bulk(due.clone(), |tx, due| Box::pin(again(tx, due)))
            .await
        {
            Ok(()) => {
                self.books.committed(&due.letter);
                return Ok(());
            }
            Err(Handled::Engine(error)) => return Err(error),
            Err(verdict) => verdict,
        };
        self.books.not_handled(&due.letter, &verdict);
        trace::run_within(due.letter.account.step(), || self.tell(&due, &verdict));
        self.db
            .write_bulk((due, verdict), |tx, (due, verdict)| {
                Box::pin(keep(tx, due, verdict))
            })
            .await
    }

    fn tell(&self, due: &Due, verdict: &Handled) {
        let (service, event) = (self.owner, due.letter.id);
        if !matches!(verdict, Handled::Unfollowed) {
            tracing::warn!(service, %event, %verdict, "an event failed again");
        } else if left::next_look(due.received_at, self.clock.now()).is_none() {
            tracing::warn!(service, %event, "an event is given up on: {verdict}");
        }
    }
}

async fn again(tx: &mut Tx, due: &Due) -> Result<(), Handled> {
    // Zero rows: another process took this try.
    if tx
        .execute(DONE, &params![due.letter.id, due.attempts])
        .await?
        == 0
    {
        due.letter.account.is_known();
        return Ok(());
    }
    handle::apply(tx, &due.letter, &due.handlers).await
}

async fn keep(tx: &mut Tx, due: &Due, verdict: &Handled) -> Result<(), DbError> {
    let kept = Kept::after(verdict, due.attempts, due.received_at, tx.now());
    let params = params![
        due.letter.id,
        due.attempts,
        kept.state,
        kept.attempts,
        kept.retry_at
    ];
    let params: Vec<_> = params.into_iter().chain([kept.error]).collect();
    // Zero rows: another process recorded this try.
    tx.execute(KEEP, &params).await.map(drop)
}

impl Worker for Retry {
    fn name(&self) -> &'static str {
        "inbox-retry"
    }

    fn signal(&self) -> Option<&'static str> {
        Some(SIGNAL)
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(self.step())
    }
}
