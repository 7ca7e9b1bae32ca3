//! The one that writes: a thread, or whoever drives a simulation.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};

use metrics::Histogram;
use parking_lot::Mutex;

use super::checkpoint::Log;
use super::group;
use super::job::Job;
use super::queue::{GROUP_BOUND, Queue};
use crate::db::error::DbError;
use crate::db::tx::Tx;
use crate::db::{Lane, Pace, Signals};
use crate::instruments;

pub(super) struct Writer {
    queue: Arc<Queue>,
    state: Arc<AtomicU64>,
    hands: Hands,
}

/// Who takes from the queue.
enum Hands {
    Thread(Option<JoinHandle<()>>),
    Driver(Box<Mutex<Desk>>),
}

/// What a group is committed with.
struct Desk {
    tx: Tx,
    signals: Signals,
    log: Log,
    state: Arc<AtomicU64>,
    group: Vec<Box<dyn Job>>,
    batch_size: Histogram,
}

impl Writer {
    pub(super) fn start(tx: Tx, signals: Signals, log: Log, pace: Pace) -> Result<Writer, DbError> {
        let queue = Arc::new(Queue::default());
        // Another start begins elsewhere.
        let start = tx.now().as_microsecond().unsigned_abs();
        let state = Arc::new(AtomicU64::new(start));
        let desk = Desk {
            batch_size: instruments::writer_batch(tx.owner()),
            tx,
            signals,
            log,
            state: state.clone(),
            group: Vec::with_capacity(GROUP_BOUND),
        };
        let hands = match pace {
            Pace::Threads => Hands::Thread(Some(spawn(desk, queue.clone())?)),
            Pace::ByHand => Hands::Driver(Box::new(Mutex::new(desk))),
        };
        Ok(Writer {
            queue,
            state,
            hands,
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

    /// Whether anything waits.
    pub(super) fn has_work(&self) -> bool {
        !self.queue.is_empty()
    }

    /// Commits at most `bound` of those that wait, where no thread does; answers how many.
    pub(super) fn commit_by_hand(&self, bound: usize) -> usize {
        let Hands::Driver(desk) = &self.hands else {
            return 0;
        };
        let mut desk = desk.lock();
        self.queue.take_at_once(&mut desk.group, bound);
        let count = desk.group.len();
        if count > 0 {
            desk.commit();
        }
        count
    }
}

fn spawn(mut desk: Desk, queue: Arc<Queue>) -> Result<JoinHandle<()>, DbError> {
    let name = format!("{}-writer", desk.tx.owner());
    let write = move || {
        let _abandon = Abandon(&queue);
        while queue.take(&mut desk.group).is_some() {
            desk.commit();
        }
    };
    let thread = thread::Builder::new().name(name).spawn(write);
    thread.map_err(|error| DbError::Engine(format!("no writer thread: {error}")))
}

impl Desk {
    fn commit(&mut self) {
        let Desk {
            tx,
            signals,
            state,
            group,
            ..
        } = self;
        self.batch_size
            .record(u32::try_from(group.len()).unwrap_or(u32::MAX));
        group::commit(tx, group, &mut |signal| {
            // Before anybody is told: of what comes with a signal there are several commits at most.
            state.fetch_add(1, Ordering::Release);
            signals.wake(signal);
        });
        state.fetch_add(1, Ordering::Release);
        group.drain(..).for_each(Job::answer);
        self.log.move_rest(tx.sqlite());
    }
}

/// Whatever ends the writer, nobody waits for it any longer.
struct Abandon<'q>(&'q Queue);

impl Drop for Abandon<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

impl Drop for Writer {
    /// Waits for what is queued. The last handle may be dropped by a body's input, on the writer
    /// thread itself: that one cannot wait for itself.
    fn drop(&mut self) {
        match &mut self.hands {
            Hands::Driver(_) => self.queue.abandon(),
            Hands::Thread(thread) => {
                self.queue.close();
                if let Some(thread) = thread.take()
                    && thread.thread().id() != thread::current().id()
                    && thread.join().is_err()
                {
                    tracing::error!("the writer thread panicked");
                }
            }
        }
    }
}
