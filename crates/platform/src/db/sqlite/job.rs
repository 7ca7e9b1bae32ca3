//! A transaction body on its way to the writer thread, and its answer on the way back.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;
use tokio::sync::oneshot;

use crate::BoxFuture;
use crate::db::error::{DbError, words_of_panic};
use crate::db::tx::Tx;
use crate::http::trace::{self, TraceParent};

/// A body that the writer runs without knowing its types.
pub(super) trait Job: Send {
    /// Runs the body to its end and keeps its outcome; answers whether its changes should stay.
    fn run(&mut self, tx: &mut Tx) -> bool;

    /// Puts a failure of the engine in the place of the outcome.
    fn fail(&mut self, error: DbError);

    /// Sends the outcome to whoever waits. Called once the group has committed.
    fn answer(self: Box<Self>);
}

/// A [`Job`] with its types.
pub(super) struct Work<I, T, E, F> {
    input: I,
    body: F,
    trace: Option<TraceParent>,
    outcome: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

impl<I, T, E, F> Work<I, T, E, F> {
    pub(super) fn new(
        input: I,
        body: F,
        trace: Option<TraceParent>,
    ) -> (Self, oneshot::Receiver<Result<T, E>>) {
        let (reply, answer) = oneshot::channel();
        (
            Work {
                input,
                body,
                trace,
                outcome: None,
                reply,
            },
            answer,
        )
    }
}

impl<I, T, E, F> Job for Work<I, T, E, F>
where
    F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<DbError> + Send + 'static,
{
    fn run(&mut self, tx: &mut Tx) -> bool {
        tx.start(self.trace);
        let run = AssertUnwindSafe(|| (self.body)(tx, &self.input).now_or_never());
        // The body runs on the writer's thread, which works for one after another.
        let outcome = match trace::run_within(self.trace, || catch_unwind(run)) {
            // What the body made of an error of its own is not known to be whole.
            Ok(Some(Ok(_))) if tx.failure().is_some() => Err(DbError::Failed.into()),
            Ok(Some(outcome)) => outcome,
            Ok(None) => Err(DbError::Pended.into()),
            Err(panic) => Err(DbError::Panicked(words_of_panic(&*panic)).into()),
        };
        let keep = outcome.is_ok();
        self.outcome = Some(outcome);
        keep
    }

    fn fail(&mut self, error: DbError) {
        self.outcome = Some(Err(error.into()));
    }

    fn answer(self: Box<Self>) {
        if let Some(outcome) = self.outcome {
            // Whoever asked may have hung up; the transaction stands all the same.
            drop(self.reply.send(outcome));
        }
    }
}
