//! Transactions: one body, run until PostgreSQL neither gives it up nor loses it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use parking_lot::Mutex;
use rand::Rng;

use super::Engine;
use super::doubt::{self, Fate};
use super::session::Session;
use crate::BoxFuture;
use crate::db::Lane;
use crate::db::error::{DbError, words_of_panic};
use crate::db::tx::Tx;
use crate::http::trace::{self, TraceParent};

/// For how long a transaction, or a read, is begun again while the database is away or others are in its way.
const PATIENCE: Duration = Duration::from_secs(8);
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// A body, without its types: what runs it is compiled once, and not for each.
pub(super) trait Body: Send + Sync {
    /// Runs it, and keeps what it answers; tells whether it was not refused.
    fn run<'a>(&'a self, tx: &'a mut Tx) -> BoxFuture<'a, bool>;
}

/// A [`Body`] with its types.
pub(super) struct Typed<I, T, E, F> {
    input: I,
    body: F,
    outcome: Mutex<Option<Result<T, E>>>,
}

/// What became of one run of a body.
pub(super) enum Run {
    /// It is over: its outcome is kept, or this failed.
    Over(Result<(), DbError>),
    /// Nothing of it is left, and it may well succeed when it is run again.
    Again(DbError),
}

impl<I, T, E, F> Typed<I, T, E, F> {
    pub(super) fn new(input: I, body: F) -> Self {
        Typed {
            input,
            body,
            outcome: Mutex::default(),
        }
    }

    /// What it answered last, unless something else came in the way.
    pub(super) fn outcome(&self, end: Result<(), DbError>) -> Result<T, E>
    where
        E: From<DbError>,
    {
        end?;
        let kept = self.outcome.lock().take();
        kept.unwrap_or(Err(DbError::Closed.into()))
    }
}

impl<I, T, E, F> Body for Typed<I, T, E, F>
where
    F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: Send + 'static,
{
    fn run<'a>(&'a self, tx: &'a mut Tx) -> BoxFuture<'a, bool> {
        Box::pin(async move {
            let outcome = (self.body)(tx, &self.input).await;
            let is_kept = outcome.is_ok();
            *self.outcome.lock() = Some(outcome);
            is_kept
        })
    }
}

impl Engine {
    /// Runs the body in a task of its own: whoever hangs up meanwhile leaves nothing open.
    pub(in crate::db) async fn write<I, T, E, F>(
        self: &Arc<Self>,
        lane: Lane,
        input: I,
        body: F,
    ) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let typed = Arc::new(Typed::new(input, body));
        let end = self.clone().run_aside(lane, typed.clone()).await;
        typed.outcome(end)
    }

    async fn run_aside(self: Arc<Self>, lane: Lane, body: Arc<dyn Body>) -> Result<(), DbError> {
        let step = trace::current_step();
        let work = async move {
            let _place = self.pool.place(lane).await?;
            self.run(lane, step, body.as_ref()).await
        };
        let task = tokio::spawn(trace::scope_within(step, work));
        task.await.unwrap_or(Err(DbError::Closed))
    }

    pub(super) async fn run(
        &self,
        lane: Lane,
        step: Option<TraceParent>,
        body: &dyn Body,
    ) -> Result<(), DbError> {
        let mut patience = Patience::new();
        let mut is_rerun = false;
        loop {
            let run = match self.pool.connection(lane).await {
                Ok(connection) => {
                    let mut tx = Tx::new(Session::new(connection), self.seed.clone());
                    tx.start(step);
                    if is_rerun {
                        tx.is_rerun();
                    }
                    self.run_once(tx, body).await
                }
                Err(error) => Run::Again(error),
            };
            match run {
                Run::Over(end) => return end,
                Run::Again(error) if error.is_of_the_moment() && patience.waits().await => {
                    tracing::debug!(service = self.seed.owner, %error, "a transaction is run again");
                    is_rerun = true;
                }
                Run::Again(error) => return Err(error),
            }
        }
    }

    async fn run_once(&self, mut tx: Tx, body: &dyn Body) -> Run {
        let ran = AssertUnwindSafe(body.run(&mut tx)).catch_unwind().await;
        let failure = tx.failure().cloned().map(|failure| hope(&tx, failure));
        match (ran, failure) {
            (Err(panic), _) => {
                tx.into_postgres().discard();
                Run::Over(Err(DbError::Panicked(words_of_panic(&*panic))))
            }
            (Ok(_), Some(failure)) if failure.is_of_the_moment() => {
                end(tx, &failure).await;
                Run::Again(failure)
            }
            // What the body made of an error of its own is not known to be whole.
            (Ok(true), Some(failure)) => {
                end(tx, &failure).await;
                Run::Over(Err(DbError::Failed))
            }
            (Ok(false), _) => {
                tx.into_postgres().roll_back().await;
                Run::Over(Ok(()))
            }
            (Ok(true), None) => self.commit(tx).await,
        }
    }

    pub(super) async fn commit(&self, tx: Tx) -> Run {
        let (wakes, witness) = (tx.wakes().to_vec(), tx.witness());
        let hopes = tx.hopes();
        let mut session = tx.into_postgres();
        let error = match session.commit().await {
            Ok(()) => {
                wakes
                    .into_iter()
                    .for_each(|signal| self.signals.wake(signal));
                return Run::Over(Ok(()));
            }
            Err(DbError::Constraint(text)) if hopes => DbError::Conflict(text),
            Err(error) => error,
        };
        if !matches!(error, DbError::Unavailable(_)) {
            session.roll_back().await;
            return if error.is_of_the_moment() {
                Run::Again(error)
            } else {
                Run::Over(Err(error))
            };
        }
        let backend = session.backend();
        session.discard();
        match doubt::resolve(&self.pool, &backend, witness).await {
            Fate::Committed => {
                wakes
                    .into_iter()
                    .for_each(|signal| self.signals.wake(signal));
                Run::Over(Ok(()))
            }
            Fate::Lost => Run::Again(error),
            Fate::Unknown => Run::Over(Err(DbError::InDoubt)),
        }
    }
}

/// A hope that was in vain is another transaction's doing.
fn hope(tx: &Tx, failure: DbError) -> DbError {
    match failure {
        DbError::Constraint(text) if tx.hopes() => DbError::Conflict(text),
        failure => failure,
    }
}

/// Ends a transaction in which a statement failed.
pub(super) async fn end(tx: Tx, failure: &DbError) {
    let session = tx.into_postgres();
    match failure {
        DbError::Unavailable(_) => session.discard(),
        _ => session.roll_back().await,
    }
}

/// Pauses that grow, and end.
pub(super) struct Patience {
    since: Instant,
    pause: Duration,
}

impl Patience {
    #[expect(
        clippy::disallowed_methods,
        reason = "the database's moment passes in the machine's own time, which no test moves"
    )]
    pub(super) fn new() -> Patience {
        Patience {
            since: Instant::now(),
            pause: FIRST_PAUSE,
        }
    }

    /// Waits a little; `false`, at once, when that was done for long enough.
    #[expect(
        clippy::disallowed_methods,
        reason = "the database's moment passes in the machine's own time, which no test moves"
    )]
    pub(super) async fn waits(&mut self) -> bool {
        let left = PATIENCE.saturating_sub(self.since.elapsed());
        if left.is_zero() {
            return false;
        }
        // Those who met in a deadlock must not meet again.
        let part = rand::rng().random_range(0.5..1.0);
        let pause = self.pause.mul_f64(part).min(left);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        tokio::time::sleep(pause).await;
        true
    }
}
