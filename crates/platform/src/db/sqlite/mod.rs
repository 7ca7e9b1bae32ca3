//! The SQLite engine: one writer thread with group commit, and read-only connections beside it.
//!
//! Everything here is synchronous; only the hand-over to the writer and the pool is awaited.

mod checkpoint;
mod error;
mod group;
mod job;
mod migrate;
mod queue;
mod readers;
mod row;
mod session;
mod writer;

use std::path::Path;
use std::sync::Arc;

use super::error::DbError;
use super::tx::{Seed, Tx};
use super::value::{FromRow, Param};
use super::{Durability, Lane, Pace, Shape, Signals};
use crate::BoxFuture;
use checkpoint::Checkpointer;
use job::Work;
use readers::Readers;
use writer::Writer;

pub(super) use session::Session;

/// How many events of a batch share a body: with twice as many, people wait half as long again while very many locks end, and
/// with half of it events are later when there are many.
pub(super) const BATCH: usize = 256;

/// What a commit needs to survive a power failure.
fn full() -> Durability {
    Durability::Sqlite {
        synchronous: 2,
        journal_mode: "wal".to_owned(),
    }
}

pub(super) struct Engine {
    // The writer is dropped last: the last connection that closes moves the rest of the log into the
    // database file.
    readers: Arc<Readers>,
    _checkpointer: Option<Checkpointer>,
    writer: Writer,
}

impl Engine {
    pub(super) fn open(
        path: &Path,
        seed: Seed,
        shape: Shape<'_>,
        signals: Signals,
        pace: Pace,
    ) -> Result<Engine, DbError> {
        let mut session = Session::open_writer(path)?;
        match shape {
            Shape::Migrate(migrations) => migrate::apply(session.connection(), migrations)?,
            Shape::Verify(migrations) => migrate::verify(session.connection(), migrations)?,
        }
        let found = session.durability()?;
        if found != full() {
            return Err(DbError::Engine(format!(
                "commits would not be durable: {found:?}"
            )));
        }
        let checkpointer = match pace {
            Pace::Threads => Some(Checkpointer::start(path, seed.owner, &mut session)?),
            Pace::ByHand => None,
        };
        let log = checkpointer
            .as_ref()
            .map(Checkpointer::log)
            .unwrap_or_default();
        Ok(Engine {
            readers: Arc::new(Readers::new(path, seed.owner, pace)),
            writer: Writer::start(Tx::new(session, seed), signals, log, pace)?,
            _checkpointer: checkpointer,
        })
    }

    pub(super) async fn write<I, T, E, F>(&self, lane: Lane, input: I, body: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (work, answer) = Work::new(input, body, crate::http::trace::current_step());
        self.writer.push(lane, Box::new(work))?;
        answer.await.map_err(|_| DbError::Closed)?
    }

    pub(super) fn has_work(&self) -> bool {
        self.writer.has_work()
    }

    pub(super) fn commit_by_hand(&self, bound: usize) -> usize {
        self.writer.commit_by_hand(bound)
    }

    pub(super) fn state(&self) -> u64 {
        self.writer.state()
    }

    pub(super) fn read_point<R: FromRow>(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<R>, DbError> {
        self.readers.point(sql, params)
    }

    pub(super) fn read_few<R: FromRow>(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError> {
        self.readers.few(sql, params)
    }

    pub(super) async fn read_list<R>(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError>
    where
        R: FromRow + Send + 'static,
    {
        Readers::list(&self.readers, sql, params).await
    }

    pub(super) async fn durability(&self) -> Result<Durability, DbError> {
        let read = |tx: &mut Tx| tx.sqlite().durability();
        self.write(Lane::Bulk, read, |tx, read| {
            let found = read(tx);
            Box::pin(async move { found })
        })
        .await
    }
}
