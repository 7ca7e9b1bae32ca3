//! A transaction's body that may share one with others, and its answer on the way back.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::Engine;
use super::write::{Body, Typed};
use crate::BoxFuture;
use crate::db::error::{DbError, words_of_panic};
use crate::db::tx::Tx;
use crate::db::{Lane, Turn};
use crate::http::trace::{self, TraceParent};

/// A body that a group runs without knowing its types.
pub(super) trait Job: Send + Sync {
    fn turn(&self) -> Turn;

    /// Whether anybody still waits for its answer.
    fn is_wanted(&self) -> bool;

    /// Runs the body beside those of others, and keeps its outcome. An error says that nothing of what they did
    /// together may stay.
    fn run<'a>(&'a self, tx: &'a mut Tx) -> BoxFuture<'a, Result<(), DbError>>;

    /// Runs the body in a transaction of its own, and sends the outcome.
    fn run_alone(self: Box<Self>, engine: &Engine) -> BoxFuture<'_, ()>;

    /// Sends the outcome that was kept. Called once the group has committed.
    fn answer(self: Box<Self>);

    /// Sends a failure of the engine in its place.
    fn fail(self: Box<Self>, error: DbError);
}

/// A [`Job`] with its types.
pub(super) struct Work<I, T, E, F> {
    turn: Turn,
    typed: Typed<I, T, E, F>,
    step: Option<TraceParent>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<I, T, E, F> Work<I, T, E, F> {
    pub(super) fn new(turn: Turn, input: I, body: F) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (reply, answer) = oneshot::channel();
        let work = Work {
            turn,
            typed: Typed::new(input, body),
            step: trace::current_step(),
            reply,
        };
        (work, answer)
    }
}

impl<I, T, E, F> Job for Work<I, T, E, F>
where
    F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    fn turn(&self) -> Turn {
        self.turn
    }

    fn is_wanted(&self) -> bool {
        !self.reply.is_closed()
    }

    fn run<'a>(&'a self, tx: &'a mut Tx) -> BoxFuture<'a, Result<(), DbError>> {
        Box::pin(async move {
            tx.set_trace(self.step);
            let body = AssertUnwindSafe(self.typed.run(tx)).catch_unwind();
            let is_kept = match trace::scope_within(self.step, body).await {
                Ok(is_kept) => is_kept,
                Err(panic) => return Err(DbError::Panicked(words_of_panic(&*panic))),
            };
            // A refusal takes nothing back where nothing was done.
            let is_whole = tx.failure().is_none() && (is_kept || !tx.has_written());
            if is_whole {
                Ok(())
            } else {
                Err(DbError::Failed)
            }
        })
    }

    fn run_alone(self: Box<Self>, engine: &Engine) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let run = engine.run(Lane::Interactive, self.step, &self.typed);
            let end = trace::scope_within(self.step, run).await;
            let outcome = self.typed.outcome(end);
            // Whoever asked may have hung up; the transaction stands all the same.
            drop(self.reply.send(outcome));
        })
    }

    fn answer(self: Box<Self>) {
        let outcome = self.typed.outcome(Ok(()));
        drop(self.reply.send(outcome));
    }

    fn fail(self: Box<Self>, error: DbError) {
        drop(self.reply.send(Err(error.into())));
    }
}
