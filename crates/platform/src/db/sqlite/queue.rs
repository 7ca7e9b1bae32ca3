//! What waits for the writer: bounded lanes, the interactive one first.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::job::Job;
use crate::db::Lane;
use crate::db::error::DbError;

/// Bodies that may wait in each lane. At some 20 µs each, the last of a full lane waits 0.1 s.
const LANE_BOUND: usize = 4_096;

/// Bodies in one commit. More would delay the first answer without saving much.
pub(super) const GROUP_BOUND: usize = 128;

/// What goes along with others is committed alone when nobody has come for so long.
const ALONE_AFTER: Duration = Duration::from_millis(3);

#[derive(Default)]
pub(super) struct Queue {
    lanes: Mutex<Lanes>,
    ready: Condvar,
}

#[derive(Default)]
struct Lanes {
    interactive: VecDeque<Box<dyn Job>>,
    bulk: VecDeque<Box<dyn Job>>,
    along: VecDeque<Box<dyn Job>>,
    closed: bool,
}

impl Lanes {
    fn is_empty(&self) -> bool {
        !self.has_reason() && self.along.is_empty()
    }

    /// Whether there is anything to commit at once.
    fn has_reason(&self) -> bool {
        !self.interactive.is_empty() || !self.bulk.is_empty()
    }

    /// One place of each group is kept for bulk work, so that a flood of requests cannot keep
    /// the events of the earlier ones from moving, and another one for what goes along. While
    /// somebody waits for an answer, bulk work gets no more than its one: a body of it may be a
    /// whole batch of events, and they would wait for one after the other.
    fn take(&mut self, group: &mut Vec<Box<dyn Job>>, bound: usize) {
        let along = usize::from(!self.along.is_empty());
        let kept = along + usize::from(!self.bulk.is_empty());
        let mut left = bound;
        left -= move_some(&mut self.interactive, group, left.saturating_sub(kept));
        let bulk = if group.is_empty() { bound } else { 1 };
        left -= move_some(&mut self.bulk, group, bulk.min(left.saturating_sub(along)));
        move_some(&mut self.along, group, left);
    }
}

/// Moves at most `bound` of them; answers how many.
fn move_some(
    lane: &mut VecDeque<Box<dyn Job>>,
    group: &mut Vec<Box<dyn Job>>,
    bound: usize,
) -> usize {
    let count = lane.len().min(bound);
    group.extend(lane.drain(..count));
    count
}

impl Queue {
    pub(super) fn push(&self, lane: Lane, job: Box<dyn Job>) -> Result<(), DbError> {
        let mut lanes = self.lanes.lock();
        if lanes.closed {
            return Err(DbError::Closed);
        }
        let queue = match lane {
            Lane::Interactive => &mut lanes.interactive,
            Lane::Bulk => &mut lanes.bulk,
            Lane::Along => &mut lanes.along,
        };
        if queue.len() >= LANE_BOUND {
            return Err(DbError::Busy);
        }
        // What goes along with something that waits already does not make that wait anew.
        let is_news = lane != Lane::Along || queue.is_empty();
        queue.push_back(job);
        drop(lanes);
        if is_news {
            self.ready.notify_one();
        }
        Ok(())
    }

    /// Waits for work and takes a group of it; `None` once closed and empty.
    pub(super) fn take(&self, group: &mut Vec<Box<dyn Job>>) -> Option<()> {
        let mut lanes = self.lanes.lock();
        while !lanes.has_reason() {
            match (lanes.along.is_empty(), lanes.closed) {
                (true, true) => return None,
                (true, false) => self.ready.wait(&mut lanes),
                (false, true) => break,
                (false, false) => {
                    if self.ready.wait_for(&mut lanes, ALONE_AFTER).timed_out() {
                        break;
                    }
                }
            }
        }
        lanes.take(group, GROUP_BOUND);
        Some(())
    }

    /// Takes at most `bound` of what is there.
    pub(super) fn take_at_once(&self, group: &mut Vec<Box<dyn Job>>, bound: usize) {
        self.lanes.lock().take(group, bound.min(GROUP_BOUND));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.lanes.lock().is_empty()
    }

    /// Takes no more work, and drops what is queued: whoever waits for it is told that it is closed.
    pub(super) fn abandon(&self) {
        let empty = Lanes {
            closed: true,
            ..Lanes::default()
        };
        let queued = std::mem::replace(&mut *self.lanes.lock(), empty);
        // Dropped without the lock: an input may hold the last handle of this very database.
        drop(queued);
    }

    /// Takes no more work; what is queued still runs.
    pub(super) fn close(&self) {
        self.lanes.lock().closed = true;
        self.ready.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::tx::Tx;

    struct Nothing;

    impl Job for Nothing {
        fn run(&mut self, _tx: &mut Tx) -> bool {
            true
        }

        fn fail(&mut self, _error: DbError) {}

        fn answer(self: Box<Self>) {}
    }

    fn push(queue: &Queue, lane: Lane) {
        queue.push(lane, Box::new(Nothing)).unwrap();
    }

    fn take(queue: &Queue) -> usize {
        let mut group = Vec::new();
        queue.take(&mut group).unwrap();
        group.len()
    }

    #[test]
    fn what_goes_along_is_no_reason_for_a_commit_and_a_part_of_the_next() {
        for lane in [Lane::Interactive, Lane::Bulk] {
            let queue = Queue::default();
            push(&queue, Lane::Along);
            push(&queue, Lane::Along);
            assert!(!queue.lanes.lock().has_reason());
            push(&queue, lane);
            assert!(queue.lanes.lock().has_reason());
            assert_eq!(take(&queue), 3);
            assert!(queue.is_empty());
        }
    }

    #[test]
    fn whoever_waits_for_an_answer_waits_for_one_body_of_bulk_work_at_most() {
        let queue = Queue::default();
        for _ in 0..3 {
            push(&queue, Lane::Bulk);
        }
        push(&queue, Lane::Interactive);
        assert_eq!(take(&queue), 2);
        assert_eq!(take(&queue), 2);
        assert!(queue.is_empty());
    }

    #[test]
    fn what_goes_along_is_still_committed_when_nothing_else_comes_or_may_come() {
        let queue = Queue::default();
        push(&queue, Lane::Along);
        assert_eq!(take(&queue), 1);
        push(&queue, Lane::Along);
        queue.close();
        assert_eq!(take(&queue), 1);
        assert!(queue.take(&mut Vec::new()).is_none());
    }
}
