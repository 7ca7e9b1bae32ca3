//! What waits for the writer: two bounded lanes, the interactive one first.

use std::collections::VecDeque;

use parking_lot::{Condvar, Mutex};

use super::job::Job;
use crate::db::Lane;
use crate::db::error::DbError;

/// Bodies that may wait in each lane. At some 20 µs each, the last of a full lane waits 0.1 s.
const LANE_BOUND: usize = 4_096;

/// Bodies in one commit. More would delay the first answer without saving much.
pub(super) const GROUP_BOUND: usize = 128;

#[derive(Default)]
pub(super) struct Queue {
    lanes: Mutex<Lanes>,
    ready: Condvar,
}

#[derive(Default)]
struct Lanes {
    interactive: VecDeque<Box<dyn Job>>,
    bulk: VecDeque<Box<dyn Job>>,
    closed: bool,
}

impl Lanes {
    fn is_empty(&self) -> bool {
        self.interactive.is_empty() && self.bulk.is_empty()
    }

    /// One place of each group is kept for bulk work, so that a flood of requests cannot keep
    /// the events of the earlier ones from moving.
    fn take(&mut self, group: &mut Vec<Box<dyn Job>>, bound: usize) {
        let kept = usize::from(!self.bulk.is_empty());
        let first = self.interactive.len().min(bound.saturating_sub(kept));
        group.extend(self.interactive.drain(..first));
        let rest = self.bulk.len().min(bound.saturating_sub(first));
        group.extend(self.bulk.drain(..rest));
    }
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
        };
        if queue.len() >= LANE_BOUND {
            return Err(DbError::Busy);
        }
        queue.push_back(job);
        drop(lanes);
        self.ready.notify_one();
        Ok(())
    }

    /// Waits for work and takes a group of it; `None` once closed and empty.
    pub(super) fn take(&self, group: &mut Vec<Box<dyn Job>>) -> Option<()> {
        let mut lanes = self.lanes.lock();
        while lanes.is_empty() {
            if lanes.closed {
                return None;
            }
            self.ready.wait(&mut lanes);
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
