//! The connections of one process to one database.
//!
//! Lists have their own few, with a shorter deadline, so that a slow search never holds up what is
//! short. Background work has its own: behind a crowd of requests each event would wait at every one of its
//! stations, and what the crowd has reserved would pile up.

use std::time::Duration;

use deadpool::Runtime;
use deadpool::managed::{self, Metrics, PoolError, RecycleError, RecycleResult, TimeoutType};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio_postgres::Config;

use super::connect::Connection;
use super::server::Server;
use crate::db::Lane;
use crate::db::error::DbError;

/// How long a list or a search may take.
/// (Searches are planned for their very words: a plan for any words walks the whole table for some.)
const LIST_DEADLINE: &str = "-c statement_timeout=2s -c plan_cache_mode=force_custom_plan";

/// Who may wait for a connection, at most; more are told at once that it is full.
const WAITING_BOUND: usize = 4_096;

/// How long anybody waits for a connection.
const WAIT: Duration = Duration::from_secs(5);

/// Fewer make no sense: one for requests, one for background work, one for lists.
const LEAST: usize = 3;

/// A connection that goes back to its pool when it is dropped.
pub(super) type Pooled = managed::Object<Maker>;

pub(super) struct Pool {
    main: managed::Pool<Maker>,
    background: managed::Pool<Maker>,
    lists: managed::Pool<Maker>,
    interactive: Semaphore,
    bulk: Semaphore,
}

impl Pool {
    pub(super) fn new(server: &Server, name: &str) -> Result<Pool, DbError> {
        let all = usize::from(server.connections().get()).max(LEAST);
        let few = (all / 5).max(1);
        let (lists, background) = (few, few);
        let main = all - lists - background;
        Ok(Pool {
            main: pool(server, server.to(name), main)?,
            background: pool(server, server.to(name), background)?,
            lists: pool(server, with_options(server.to(name), LIST_DEADLINE), lists)?,
            interactive: Semaphore::new(WAITING_BOUND),
            bulk: Semaphore::new(background),
        })
    }

    /// A place for a transaction or a read of this kind: it is held for all its tries.
    pub(super) async fn place(&self, lane: Lane) -> Result<SemaphorePermit<'_>, DbError> {
        match lane {
            Lane::Interactive => self.interactive.try_acquire().map_err(|_| DbError::Busy),
            Lane::Bulk | Lane::Along => self.bulk.acquire().await.map_err(|_| DbError::Closed),
        }
    }

    /// A connection for whoever has a place.
    pub(super) async fn connection(&self, lane: Lane) -> Result<Pooled, DbError> {
        match lane {
            Lane::Interactive => self.main().await,
            Lane::Bulk | Lane::Along => Ok(self.background.get().await?),
        }
    }

    /// One of those that requests have.
    pub(super) async fn main(&self) -> Result<Pooled, DbError> {
        Ok(self.main.get().await?)
    }

    /// The same, for a list.
    pub(super) async fn lists(&self) -> Result<Pooled, DbError> {
        Ok(self.lists.get().await?)
    }
}

fn with_options(mut config: Config, more: &str) -> Config {
    let own = config.get_options().unwrap_or_default().to_owned();
    config.options(format!("{own} {more}"));
    config
}

fn pool(server: &Server, config: Config, size: usize) -> Result<managed::Pool<Maker>, DbError> {
    let maker = Maker {
        server: server.clone(),
        config,
    };
    managed::Pool::builder(maker)
        .max_size(size)
        .wait_timeout(Some(WAIT))
        .create_timeout(Some(WAIT))
        .runtime(Runtime::Tokio1)
        .build()
        .map_err(|error| DbError::Engine(error.to_string()))
}

/// Makes the pool's connections.
pub(super) struct Maker {
    server: Server,
    config: Config,
}

impl managed::Manager for Maker {
    type Type = Connection;
    type Error = DbError;

    async fn create(&self) -> Result<Connection, DbError> {
        // Large, and seldom needed: kept out of the futures of those who ask the pool.
        Box::pin(Connection::open(&self.server, &self.config)).await
    }

    /// No transaction leaves anything behind on a connection that it gives back, so this is all to look at.
    async fn recycle(&self, connection: &mut Connection, _: &Metrics) -> RecycleResult<DbError> {
        if connection.client.is_closed() {
            return Err(RecycleError::message("it is closed"));
        }
        Ok(())
    }
}

impl From<PoolError<DbError>> for DbError {
    fn from(error: PoolError<DbError>) -> DbError {
        match error {
            PoolError::Timeout(TimeoutType::Wait) => DbError::Busy,
            PoolError::Backend(error) => error,
            PoolError::Closed => DbError::Closed,
            other => DbError::Unavailable(other.to_string()),
        }
    }
}
