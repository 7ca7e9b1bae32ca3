//! Moves committed pages from the log to the database file, so that the log can begin anew.
//!
//! Most of it is done beside the writer, by a thread of its own: everybody would wait for it on the
//! writer's. But a log to which somebody always adds is never moved wholly, and only then can it
//! begin anew; so the writer itself moves the short rest, between two of its groups.

use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use parking_lot::{Condvar, Mutex};

use super::session::Session;
use crate::db::error::DbError;

/// Pages in the log (of 4 KiB) from which on it is moved: 8 MiB. Enough for pages that are written
/// again and again to be moved once, and no more than the disk takes in beside the writer's syncs:
/// with four times as many, the slowest of a hundred answers took half as long again.
const DUE: i32 = 2_048;

/// The thread that moves the most of it.
pub(super) struct Checkpointer {
    log: Log,
    thread: Option<JoinHandle<()>>,
}

/// Where the moving of the log stands, for the writer and for the thread beside it.
#[derive(Clone, Default)]
pub(super) struct Log(Arc<(Mutex<Phase>, Condvar)>);

#[derive(Clone, Copy, Default, PartialEq)]
enum Phase {
    /// The log is short.
    #[default]
    Short,
    /// It is long: the thread is to move it.
    Due,
    /// The thread has moved what was there: the writer is to move the rest.
    Moved,
    /// The database is being closed.
    Closing,
}

impl Log {
    fn set(&self, from: Phase, to: Phase) {
        let mut phase = self.0.0.lock();
        if *phase == from {
            *phase = to;
            self.0.1.notify_one();
        }
    }

    /// Waits until the log is to be moved; `None` when the database is being closed.
    fn wait_until_due(&self) -> Option<()> {
        let mut phase = self.0.0.lock();
        loop {
            match *phase {
                Phase::Due => return Some(()),
                Phase::Closing => return None,
                Phase::Short | Phase::Moved => self.0.1.wait(&mut phase),
            }
        }
    }

    /// Moves the rest, if the thread has moved the most; called by the writer between two groups.
    pub(super) fn move_rest(&self, writer: &mut Session) {
        if *self.0.0.lock() != Phase::Moved {
            return;
        }
        if let Err(error) = writer.checkpoint() {
            tracing::warn!(%error, "the rest of the log was not moved");
        }
        // If a reader kept it from being moved wholly, the next commit says that it is long.
        self.set(Phase::Moved, Phase::Short);
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
            if pages >= DUE {
                watched.set(Phase::Short, Phase::Due);
            }
            Ok(())
        };
        // In the place of SQLite's own, which would move all of it on the writer's thread.
        writer.connection().wal_hook(Some(after_commit))?;
        let session = Session::open_checkpointer(path)?;
        let thread = thread::Builder::new()
            .name(format!("{owner}-log"))
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
        if let Err(error) = session.checkpoint() {
            tracing::warn!(%error, "the log was not moved into the database file");
        }
        log.set(Phase::Due, Phase::Moved);
    }
}

impl Drop for Checkpointer {
    fn drop(&mut self) {
        *self.log.0.0.lock() = Phase::Closing;
        self.log.0.1.notify_one();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the checkpoint thread panicked");
        }
    }
}
