//! One service's own database: transactions, reads, and the values that go in and come out.
//!
//! SQL is written once, in the subset that SQLite and PostgreSQL share, with `$1` parameters.
//! A transaction's body is an async function over [`Tx`] that awaits nothing but the transaction,
//! and may run more than once: it draws nothing from outside, and its ids of new things are part
//! of its input. It never calls the network.
//!
//! Only [`sqlite`] and [`postgres`] know an engine. What waits for a server is boxed where the two meet: its
//! futures are large, and would make every future of every service as large.

mod error;
mod migration;
mod place;
pub mod postgres;
mod session;
pub mod sqlite;
mod tx;
mod value;

use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;
use parking_lot::RwLock;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::BoxFuture;
use crate::clock::Clock;
use crate::ids::Ids;

pub use error::DbError;
pub use migration::Migration;
pub use place::Place;
pub use tx::Tx;
pub use value::{Column, FromColumn, FromRow, Param, Row};

/// A handle to one service's database. Cheap to clone.
#[derive(Clone)]
pub struct Db(Arc<Shared>);

struct Shared {
    engine: Engine,
    signals: Signals,
}

enum Engine {
    Sqlite(sqlite::Engine),
    Postgres(Arc<postgres::Engine>),
}

/// What the engine says of its own durability.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The embedded engine.
    Sqlite {
        /// `PRAGMA synchronous`: 2 is `FULL`, a sync before every commit returns.
        synchronous: i64,
        /// `PRAGMA journal_mode`
        journal_mode: String,
    },
    /// A server.
    Postgres {
        /// `SHOW fsync`: `on` where a commit survives a power failure.
        fsync: String,
        /// `SHOW synchronous_commit`: `off` where a commit is confirmed before it is written.
        synchronous_commit: String,
    },
}

impl std::fmt::Display for Durability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Durability::Sqlite {
                synchronous,
                journal_mode,
            } => write!(f, "synchronous={synchronous}, journal_mode={journal_mode}"),
            Durability::Postgres {
                fsync,
                synchronous_commit,
            } => write!(f, "fsync={fsync}, synchronous_commit={synchronous_commit}"),
        }
    }
}

/// Who does what is to be done beside the requests and the workers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// Threads of the engine's own.
    #[default]
    Threads,
    /// Whoever drives a simulation: what waits is committed when that says so, and lists are read at once.
    ByHand,
}

/// What is done about the tables when a database is opened.
#[derive(Clone, Copy)]
pub(super) enum Shape<'m> {
    /// They are made, or brought up to date.
    Migrate(&'m [Migration]),
    /// They must be up to date.
    Verify(&'m [Migration]),
}

/// The names that transactions wake, and who waits on them.
#[derive(Clone, Default)]
pub(crate) struct Signals(Arc<RwLock<Vec<Signal>>>);

type Signal = (&'static str, Arc<Notify>);

/// Whose turn it is when the writer is busy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// Somebody waits for the answer.
    Interactive,
    /// Background work: relays, consumers, workers.
    Bulk,
    /// What is no reason for a commit, and goes along with somebody else's.
    Along,
}

/// Whose a transaction is and where it meets others, for one that may share a commit with others on a server.
#[derive(Clone, Copy, Debug)]
pub struct Turn {
    /// Its owner, of whom one is under way at a time.
    pub of: Uuid,
    /// What it may meet others at.
    pub at: Uuid,
}

impl Db {
    /// Opens (or makes) the database file at `path`, applies the `migrations` that it lacks, and
    /// reads back that it is as durable as asked.
    ///
    /// `owner` is the name of the service: it labels metrics and is the `source` of its events.
    pub fn open_sqlite(
        path: &Path,
        owner: &'static str,
        migrations: &[Migration],
        clock: &Clock,
        ids: &Ids,
    ) -> Result<Db, DbError> {
        let seed = tx::Seed::new(owner, clock, ids);
        Db::sqlite(path, seed, Shape::Migrate(migrations), Pace::Threads)
    }

    fn sqlite(path: &Path, seed: tx::Seed, shape: Shape<'_>, pace: Pace) -> Result<Db, DbError> {
        let signals = Signals::default();
        let engine = sqlite::Engine::open(path, seed, shape, signals.clone(), pace)?;
        Ok(Db::new(Engine::Sqlite(engine), signals))
    }

    async fn postgres(
        server: &postgres::Server,
        seed: tx::Seed,
        shape: Shape<'_>,
    ) -> Result<Db, DbError> {
        let signals = Signals::default();
        let engine = postgres::Engine::open(server, seed, shape, signals.clone()).await?;
        Ok(Db::new(Engine::Postgres(Arc::new(engine)), signals))
    }

    fn new(engine: Engine, signals: Signals) -> Db {
        Db(Arc::new(Shared { engine, signals }))
    }

    /// Runs one transaction for somebody who waits: commits when `body` answers `Ok`, rolls back
    /// when it answers `Err`. The answer comes once the commit is durable.
    ///
    /// A full queue is [`DbError::Busy`], at once.
    pub async fn write<I, T, E, F>(&self, input: I, body: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &self.0.engine {
            Engine::Sqlite(engine) => engine.write(Lane::Interactive, input, body).await,
            Engine::Postgres(engine) => {
                Box::pin(engine.write(Lane::Interactive, input, body)).await
            }
        }
    }

    /// Like [`Db::write`], for what comes in crowds: while others are under way, those that wait become one transaction
    /// on a server, as they do on SQLite. A body that refuses before it has changed anything costs the others nothing.
    pub async fn write_grouped<I, T, E, F>(&self, turn: Turn, input: I, body: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &self.0.engine {
            Engine::Sqlite(engine) => engine.write(Lane::Interactive, input, body).await,
            Engine::Postgres(engine) => Box::pin(engine.write_grouped(turn, input, body)).await,
        }
    }

    /// Like [`Db::write`], for work that nobody waits for: it goes after what people wait for.
    pub async fn write_bulk<I, T, E, F>(&self, input: I, body: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &self.0.engine {
            Engine::Sqlite(engine) => engine.write(Lane::Bulk, input, body).await,
            Engine::Postgres(engine) => Box::pin(engine.write(Lane::Bulk, input, body)).await,
        }
    }

    /// Like [`Db::write_bulk`], for what may wait some milliseconds: on SQLite it goes along with the next commit, and is
    /// committed alone only where nobody else comes.
    pub async fn write_along<I, T, E, F>(&self, input: I, body: F) -> Result<T, E>
    where
        F: for<'a> Fn(&'a mut Tx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
        I: Send + Sync + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        match &self.0.engine {
            Engine::Sqlite(engine) => engine.write(Lane::Along, input, body).await,
            Engine::Postgres(engine) => Box::pin(engine.write(Lane::Along, input, body)).await,
        }
    }

    /// A point read: at most one row, found by an index. Answers at once.
    pub async fn opt<R: FromRow>(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<R>, DbError> {
        match &self.0.engine {
            Engine::Sqlite(engine) => engine.read_point(sql, params),
            Engine::Postgres(engine) => Box::pin(engine.read_point(sql, params)).await,
        }
    }

    /// A few rows for background work, found by an index and bounded by the statement. Answers at once.
    pub async fn few<R: FromRow>(
        &self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError> {
        match &self.0.engine {
            Engine::Sqlite(engine) => engine.read_few(sql, params),
            Engine::Postgres(engine) => Box::pin(engine.read_few(sql, params)).await,
        }
    }

    /// A list or a search: runs aside from the requests' threads, with a deadline.
    pub async fn list<R>(&self, sql: &str, params: &[Param<'_>]) -> Result<Vec<R>, DbError>
    where
        R: FromRow + Send + 'static,
    {
        match &self.0.engine {
            Engine::Sqlite(engine) => engine.read_list(sql, params).await,
            Engine::Postgres(engine) => Box::pin(engine.read_list(sql, params)).await,
        }
    }

    /// For how long a process claims rows that it works on outside of a transaction: for `span` where others
    /// work on the same database, and not at all where it is alone, so that nothing waits after a crash.
    pub fn lease(&self, span: SignedDuration) -> SignedDuration {
        match &self.0.engine {
            Engine::Sqlite(_) => SignedDuration::ZERO,
            Engine::Postgres(_) => span,
        }
    }

    /// How many events one transaction takes in at most. On SQLite people wait while a body runs; those of a server hold
    /// what they change against each other, the longer the more of it there is.
    pub(crate) fn batch_bound(&self) -> usize {
        match &self.0.engine {
            Engine::Sqlite(_) => sqlite::BATCH,
            Engine::Postgres(_) => postgres::BATCH,
        }
    }

    /// A number that is another one after each commit, where this process alone commits: what is read after this was
    /// asked is of this state or a later one, so that whoever has what was read in the same state has nothing to ask.
    /// A server does not tell.
    pub fn state(&self) -> Option<u64> {
        match &self.0.engine {
            Engine::Sqlite(engine) => Some(engine.state()),
            Engine::Postgres(_) => None,
        }
    }

    /// Whether anything waits to be committed by hand.
    pub fn has_work(&self) -> bool {
        match &self.0.engine {
            Engine::Sqlite(engine) => engine.has_work(),
            Engine::Postgres(_) => false,
        }
    }

    /// Commits at most `bound` of what waits as one group, where that is done by hand ([`Pace::ByHand`]); answers how many
    /// they were.
    pub fn commit_by_hand(&self, bound: usize) -> usize {
        match &self.0.engine {
            Engine::Sqlite(engine) => engine.commit_by_hand(bound),
            Engine::Postgres(_) => 0,
        }
    }

    /// What [`Tx::wake`] notifies under this name.
    pub fn signal(&self, name: &'static str) -> Arc<Notify> {
        self.0.signals.get(name)
    }

    /// How durable the engine says it is, as read back from its writer.
    pub async fn durability(&self) -> Result<Durability, DbError> {
        match &self.0.engine {
            Engine::Sqlite(engine) => engine.durability().await,
            Engine::Postgres(engine) => Box::pin(engine.durability()).await,
        }
    }
}

impl std::fmt::Debug for Db {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Db").finish_non_exhaustive()
    }
}

impl Signals {
    fn get(&self, name: &'static str) -> Arc<Notify> {
        if let Some(found) = self.find(name) {
            return found;
        }
        let mut all = self.0.write();
        if let Some((_, found)) = all.iter().find(|(known, _)| *known == name) {
            return found.clone();
        }
        let made = Arc::new(Notify::new());
        all.push((name, made.clone()));
        made
    }

    fn find(&self, name: &'static str) -> Option<Arc<Notify>> {
        self.0
            .read()
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, notify)| notify.clone())
    }

    /// Wakes whoever waits on `name`; a wake-up that nobody waits for is kept for the next one.
    fn wake(&self, name: &'static str) {
        self.get(name).notify_one();
    }
}
