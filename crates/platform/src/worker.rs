//! Duties that run without being asked: relays, retries, deadlines, captures.
//!
//! A worker does one bounded step at a time and says when it wants to be called again. A wake-up
//! is a hint, the poll of those that can be woken is the truth: a lost one delays a step, and never loses it.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use jiff::Timestamp;
use tokio::sync::{Notify, watch};

use crate::BoxFuture;
use crate::bus::BusError;
use crate::clock::Clock;
use crate::db::DbError;

/// How long a worker with nothing to do waits before it looks again by itself.
const POLL: Duration = Duration::from_secs(1);
/// How long what a worker does at its end may take.
const END_WITHIN: Duration = Duration::from_secs(1);
const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// A duty of a service.
pub trait Worker: Send + Sync + 'static {
    /// Its name in logs and metrics.
    fn name(&self) -> &'static str;

    /// The signal that [`crate::db::Tx::wake`] wakes it by. Each signal has one worker.
    fn signal(&self) -> Option<&'static str> {
        None
    }

    /// Does one bounded step. Two may run at the same time in different processes.
    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>>;

    /// Called once its process was told to stop, after the last step. It is not sure to come about.
    fn stopped(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}

/// When a worker wants its next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// At once: the step did something, so there may be more to do.
    Again,
    /// At that moment, or when woken. One that can be woken is polled besides.
    At(Timestamp),
    /// When woken, or at the next poll.
    Idle,
}

/// A step that failed; it is tried again after a while.
#[derive(Debug, thiserror::Error)]
pub enum WorkerError {
    /// The database failed.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The bus did not take what it was given.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Tells workers and servers that it is time to stop. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Stop(watch::Receiver<bool>);

/// Says so.
#[derive(Debug)]
pub struct Stopper(watch::Sender<bool>);

impl Stopper {
    /// A stopper and what listens to it.
    pub fn new() -> (Stopper, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Stopper(sender), Stop(receiver))
    }

    /// Tells everyone to stop.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Whether it is time. A stopper that went away counts as one that said so.
    pub fn is_set(&self) -> bool {
        *self.0.borrow() || self.0.has_changed().is_err()
    }

    /// Waits until it is time.
    pub async fn wait(&mut self) {
        drop(self.0.wait_for(|stop| *stop).await);
    }
}

/// Runs `worker` until told to stop; a step under way is finished first.
pub async fn run(
    owner: &'static str,
    worker: Arc<dyn Worker>,
    wake: Option<Arc<Notify>>,
    clock: Clock,
    mut stop: Stop,
) {
    let mut backoff = FIRST_BACKOFF;
    while !stop.is_set() {
        let pause = match step(worker.as_ref()).await {
            Ok(next) => {
                backoff = FIRST_BACKOFF;
                next
            }
            Err(error) => {
                tracing::warn!(service = owner, worker = worker.name(), %error, "step failed, trying again");
                let pause = backoff;
                backoff = (backoff * 2).min(LONGEST_BACKOFF);
                tokio::select! {
                    biased;
                    () = stop.wait() => {}
                    () = real_time(pause) => {}
                }
                continue;
            }
        };
        let moment = match pause {
            Next::Again => {
                tokio::task::yield_now().await;
                continue;
            }
            Next::At(moment) => Some(moment),
            Next::Idle => None,
        };
        // Where nothing can be missed, the moment alone counts.
        let polls = wake.is_some() || moment.is_none();
        // In this order, and not in one that is drawn: what happens is a seed's to say, where there is one.
        tokio::select! {
            biased;
            () = stop.wait() => {}
            () = woken(wake.as_deref()) => {}
            () = reached(&clock, moment) => {}
            () = real_time(POLL), if polls => {}
        }
    }
    drop(tokio::time::timeout(END_WITHIN, worker.stopped()).await);
}

/// One step. A panic is a failure like others: a duty is never given up.
async fn step(worker: &dyn Worker) -> Result<Next, WorkerError> {
    let step = AssertUnwindSafe(worker.run()).catch_unwind();
    let panicked = |_| WorkerError::Other("the step panicked".to_owned());
    step.await.map_err(panicked)?
}

/// A notification that came while the worker was busy is still there, so none is missed.
async fn woken(wake: Option<&Notify>) {
    match wake {
        Some(notify) => notify.notified().await,
        None => std::future::pending().await,
    }
}

async fn reached(clock: &Clock, moment: Option<Timestamp>) {
    match moment {
        Some(moment) => clock.sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "polls and backoffs run on the machine's time: no test waits for them"
)]
async fn real_time(span: Duration) {
    tokio::time::sleep(span).await;
}
