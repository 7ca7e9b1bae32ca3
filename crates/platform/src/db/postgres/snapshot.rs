//! A database as it was at one moment, for whoever looks through all of it from outside.
//!
//! This is no way for a service to read: it holds one connection of its own, waits for as long as it takes,
//! and knows no owner. It can change nothing.

use std::pin::pin;

use futures_util::TryStreamExt;
use tokio_postgres::Client;

use super::migrate;
use super::server::Server;
use crate::db::Migration;
use crate::db::error::DbError;
use crate::db::value::{Param, Row};

/// Whoever reads everything takes longer than any statement of a service may, and waits in between while
/// it reads another database. A forgotten snapshot still ends.
const LASTS: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = '30min'";

/// The first query fixes what a transaction sees, and not its beginning.
const TAKE: &str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SELECT 1";

/// A connection to one database, on which one snapshot after the other can be taken.
pub struct Snapshot {
    pub(super) client: Client,
}

impl Snapshot {
    /// Connects to the database `name` of the server. The parameters of the URL count, such as its
    /// `search_path`.
    pub async fn connect(server: &Server, name: &str) -> Result<Snapshot, DbError> {
        let client = server.connect(name).await?;
        client.batch_execute(LASTS).await?;
        Ok(Snapshot { client })
    }

    /// Refuses a database that other `migrations` made than these.
    pub async fn verify(&self, migrations: &[Migration]) -> Result<(), DbError> {
        migrate::verify_exactly(&self.client, migrations).await
    }

    /// Takes the snapshot: until it ends, [`Snapshot::each`] sees the database as it is now.
    pub async fn take(&self) -> Result<(), DbError> {
        Ok(self.client.batch_execute(TAKE).await?)
    }

    /// Hands the rows that `sql` answers over to `each`, one at a time: they are read from the server as
    /// fast as `each` takes them, and never all in memory.
    pub async fn each<E: From<DbError>>(
        &self,
        sql: &str,
        params: &[Param<'_>],
        mut each: impl FnMut(&mut Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let prepared = self.client.prepare(sql).await;
        let statement = prepared.map_err(DbError::from)?;
        let rows = self.client.query_raw(&statement, params).await;
        let mut rows = pin!(rows.map_err(DbError::from)?);
        while let Some(row) = rows.try_next().await.map_err(DbError::from)? {
            each(&mut Row::new(&row))?;
        }
        Ok(())
    }

    /// Gives the snapshot up: as long as it lasts, the server keeps every row that it sees.
    pub async fn end(&self) -> Result<(), DbError> {
        Ok(self.client.batch_execute("ROLLBACK").await?)
    }
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot").finish_non_exhaustive()
    }
}
