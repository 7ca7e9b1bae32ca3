//! The one thread that writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use super::checkpoint::Log;
use super::group;
use super::job::Job;
use super::queue::{GROUP_BOUND, Queue};
use crate::db::error::DbError;
use crate::db::tx::Tx;
use crate::db::{Lane, Signals};
use crate::instruments;

pub(super) struct Writer {
    queue: Arc<Queue>,
    state: Arc<AtomicU64>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    pub(super) fn start(tx: Tx, signals: Signals, log: Log) -> Result<Writer, DbError> {
        let queue = Arc::new(Queue::default());
        // Another start begins elsewhere.
        let start = tx.now().as_microsecond().unsigned_abs();
        let state = Arc::new(AtomicU64::new(start));
        let thread = thread::Builder::new()
            .name(format!("{}-writer", tx.owner()))
            .spawn({
                let (queue, state) = (queue.clone(), state.clone());
                move || write(tx, &queue, &state, &signals, &log)
            })
            .map_err(|error| DbError::Engine(format!("no writer thread: {error}")))?;
        Ok(Writer {
            queue,
            state,
            thread: Some(thread),
        })
    }

    /// A number that is another one after each commit, before anybody is told of it. What is read after this was asked
    /// is of this state or a later one.
    pub(super) fn state(&self) -> u64 {
        self.state.load(Ordering::Acquire)
    }

    pub(super) fn push(&self, lane: Lane, job: Box<dyn Job>) -> Result<(), DbError> {
        self.queue.push(lane, job)
    }
}

/// Whatever ends the writer, nobody waits for it any longer.
struct Abandon<'q>(&'q Queue);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

fn write(mut tx: Tx, queue: &Queue, state: &AtomicU64, signals: &Signals, log: &Log) {
    let _abandon = Abandon(queue);
    let batch_size = instruments::writer_batch(tx.owner());
    let mut jobs = Vec::with_capacity(GROUP_BOUND);
    while queue.take(&mut jobs).is_some() {
        batch_size.record(u32::try_from(jobs.len()).unwrap_or(u32::MAX));
        group::commit(&mut tx, &mut jobs, &mut |signal| {
            // Before anybody is told: of what comes with a signal there are several commits at most.
            state.fetch_add(1, Ordering::Release);
            signals.wake(signal);
        });
        state.fetch_add(1, Ordering::Release);
        jobs.drain(..).for_each(Job::answer);
        log.move_rest(tx.sqlite());
    }
}

impl Drop for Writer {
    /// Waits for what is queued. The last handle may be dropped by a body's input, on the writer
    /// thread itself: that one cannot wait for itself.
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take()
            && thread.thread().id() != thread::current().id()
            && thread.join().is_err()
        {
            tracing::error!("the writer thread panicked");
        }
    }
}
