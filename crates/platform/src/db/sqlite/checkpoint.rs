//! Checkpoints: moves committed pages from the write-ahead log to the database file, so that the log can
//! begin anew.
//!
//! Most of it is done beside the writer, by a thread of its own: everybody would wait for it on the
//! writer's. But a log to which somebody always adds is never moved wholly, and only then can it
//! begin anew; so the writer itself moves the short rest, between two of its groups, and waits a
//! moment for those who still read from the log. (A read has a deadline, so that no wait is in vain for
//! ever; only another program's may last.)

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use super::session::Session;
use crate::db::error::DbError;

/// Pages (of 4 KiB) by which the log grows between two checkpoints: 8 MiB. Enough for pages that are
/// written again and again to be moved once, and no more than the disk takes in beside the writer's
/// syncs: with four times as many, the slowest of a hundred answers took half as long again.
const DUE: i32 = 2_048;

/// A rest that the writer moves itself: a millisecond or two; and the most that it moves of a log that is too
/// long: a tenth of a second or two, after which it is short again.
const SHORT_REST: i32 = 256;
const LONG_REST: i32 = 4 * DUE;

/// Rounds in which the thread tries to get the rest so short.
const ROUNDS: usize = 4;

/// From so many pages on (64 MiB) the log is too long: readers overlap in such a way that it never begins
/// anew by itself.
const TOO_LONG: i32 = 8 * DUE;

/// How long the writer waits for readers who keep the log from beginning anew, and how long where it is
/// too long.
const SHORT_WAIT: Duration = Duration::from_millis(10);
const LONG_WAIT: Duration = Duration::from_millis(100);

/// The size of the log file is brought back to this when the log begins anew: 64 MiB.
pub(super) const LOG_FILE_BYTES: i64 = 64 << 20;

/// How far a checkpoint came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved {
    /// Pages in the log.
    pub(super) log: i32,
    /// Those of them that are in the database file, too.
    pub(super) moved: i32,
}

impl Moved {
    fn rest(self) -> i32 {
        self.log - self.moved
    }
}

/// The thread that moves the most of it.
pub(super) struct Checkpointer {
    log: Log,
    thread: Option<JoinHandle<()>>,
}

/// Where the log stands, for the writer and for the thread beside it.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<(Mutex<State>, Condvar)>);

#[derive(Default)]
struct State {
    phase: Phase,
    /// Pages in the log after the last commit.
    pages: i32,
    /// Pages in the log when the last checkpoint ended: it is due again when the log has grown by as
    /// much as it may, also where readers kept that one from ending.
    checked_at: i32,
}

#[derive(Clone, Copy, Default, PartialEq)]
enum Phase {
    /// The log is short.
    #[default]
    Short,
    /// It has grown: the thread is to move it.
    Due,
    /// The thread has moved what was there: the writer is to move the rest.
    Moved,
    /// The database is being closed.
    Closing,
}

impl Log {
    /// A commit left so many pages in the log.
    fn grown_to(&self, pages: i32) {
        let mut state = self.0.0.lock();
        state.pages = pages;
        // It has begun anew.
        if pages < state.checked_at {
            state.checked_at = 0;
        }
        if state.phase == Phase::Short && pages - state.checked_at >= DUE {
            state.phase = Phase::Due;
            self.0.1.notify_one();
        }
    }

    /// Waits until the log is to be moved; `None` when the database is being closed.
    fn wait_until_due(&self) -> Option<()> {
        let mut state = self.0.0.lock();
        loop {
            match state.phase {
                Phase::Due => return Some(()),
                Phase::Closing => return None,
                Phase::Short | Phase::Moved => self.0.1.wait(&mut state),
            }
        }
    }

    /// A checkpoint ended, or failed: goes on to the next phase, unless the database is being closed. The
    /// next one is due when the log has grown further.
    fn go_on(&self, next: Phase) {
        let mut state = self.0.0.lock();
        if state.phase != Phase::Closing {
            state.phase = next;
            state.checked_at = state.pages;
        }
    }

    /// Moves the rest, if the thread has moved the most; called by the writer between two groups.
    pub(super) fn move_rest(&self, writer: &mut Session) {
        let wait = {
            let state = self.0.0.lock();
            match state.phase {
                Phase::Moved if state.pages < TOO_LONG => SHORT_WAIT,
                Phase::Moved => LONG_WAIT,
                _ => return,
            }
        };
        if let Err(error) = writer.checkpoint_and_restart(wait) {
            tracing::warn!(%error, "a checkpoint was not finished");
        }
        self.go_on(Phase::Short);
    }
}

impl Checkpointer {
    /// Starts the thread, and watches how long the commits of `writer` leave the log.
    pub(super) fn start(
        path: &Path,
        owner: &'static str,
        writer: &mut Session,
    ) -> Result<Checkpointer, DbError> {
        let log = Log::default();
        let watched = log.clone();
        let after_commit = move |_: &mut rusqlite::hooks::Wal, pages| {
            watched.grown_to(pages);
            Ok(())
        };
        // In the place of SQLite's own, which would move all of it on the writer's thread.
        writer.connection().wal_hook(Some(after_commit))?;
        let session = Session::open_checkpointer(path)?;
        let thread = thread::Builder::new()
            .name(format!("{owner}-checkpoint"))
            .spawn({
                let log = log.clone();
                move || run(session, &log)
            })
            .map_err(|error| DbError::Engine(format!("no checkpoint thread: {error}")))?;
        Ok(Checkpointer {
            log,
            thread: Some(thread),
        })
    }

    /// For the writer.
    pub(super) fn log(&self) -> Log {
        self.log.clone()
    }
}

fn run(mut session: Session, log: &Log) {
    while log.wait_until_due().is_some() {
        match move_most(&mut session) {
            Ok(done) if done.rest() <= rest_for_writer(done) => log.go_on(Phase::Moved),
            // A reader holds on to what came after it began.
            Ok(_) => log.go_on(Phase::Short),
            Err(error) => {
                tracing::warn!(%error, "a checkpoint failed");
                log.go_on(Phase::Short);
            }
        }
    }
}

/// The most that the writer takes over: of a log that is too long rather more than a wait for ever.
fn rest_for_writer(done: Moved) -> i32 {
    if done.log < TOO_LONG {
        SHORT_REST
    } else {
        LONG_REST
    }
}

/// Moves what is there, and what was added meanwhile, until little is left.
fn move_most(session: &mut Session) -> Result<Moved, DbError> {
    let mut done = session.checkpoint()?;
    for _ in 1..ROUNDS {
        if done.rest() <= SHORT_REST {
            break;
        }
        done = session.checkpoint()?;
    }
    Ok(done)
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        self.log.0.0.lock().phase = Phase::Closing;
        self.log.0.1.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the checkpoint thread panicked");
        }
    }
}
