//! One connection: how it comes about, and the statements that are prepared on it.

use std::collections::HashMap;

use parking_lot::RwLock;
use tokio::sync::Mutex;
use tokio_postgres::{Client, Config, Statement};

use super::server::Server;
use crate::db::Durability;
use crate::db::error::DbError;

/// An open connection.
pub(super) struct Connection {
    pub(super) client: Client,
    pub(super) backend: Backend,
    prepared: RwLock<HashMap<String, Statement>>,
    /// Of those who find the same statement missing one prepares it.
    preparing: Mutex<()>,
}

/// The server's own process behind a connection. Numbers are used again, with another start.
#[derive(Clone, Debug)]
pub(super) struct Backend {
    pub(super) pid: i32,
    pub(super) started: String,
}

const WHO: &str =
    "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()";

impl Connection {
    pub(super) async fn open(server: &Server, config: &Config) -> Result<Connection, DbError> {
        let client = open(server, config).await?;
        let row = client.query_one(WHO, &[]).await?;
        let backend = Backend {
            pid: row.try_get(0)?,
            started: row.try_get(1)?,
        };
        Ok(Connection {
            client,
            backend,
            prepared: RwLock::default(),
            preparing: Mutex::default(),
        })
    }

    /// The statement, prepared once for each connection.
    pub(super) async fn prepare(&self, sql: &str) -> Result<Statement, DbError> {
        if let Some(found) = self.prepared(sql) {
            return Ok(found);
        }
        let _turn = self.preparing.lock().await;
        if let Some(found) = self.prepared(sql) {
            return Ok(found);
        }
        let statement = self.client.prepare(sql).await?;
        self.prepared
            .write()
            .insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn prepared(&self, sql: &str) -> Option<Statement> {
        self.prepared.read().get(sql).cloned()
    }
}

impl Server {
    /// A connection to the database `name`, outside of the pool.
    pub(super) async fn connect(&self, name: &str) -> Result<Client, DbError> {
        open(self, &self.to(name)).await
    }

    /// Makes the database `name` if there is none, as the role that the URL names.
    ///
    /// # Errors
    /// When the role may not.
    pub async fn create_database(&self, name: &str) -> Result<(), DbError> {
        match self.connect(name).await {
            Err(DbError::Missing(_)) => {}
            found => return found.map(drop),
        }
        let client = self.connect(self.maintenance()).await?;
        let create = format!("CREATE DATABASE \"{name}\"");
        match client.batch_execute(&create).await {
            // Somebody else was faster.
            Err(error) if is_there_already(&error) => Ok(()),
            done => Ok(done?),
        }
    }
}

fn is_there_already(error: &tokio_postgres::Error) -> bool {
    let code = error.code().map(|code| code.code());
    matches!(code, Some("42P04" | "23505"))
}

async fn open(server: &Server, config: &Config) -> Result<Client, DbError> {
    let connected = config.connect(server.trust().connector()).await;
    let (client, connection) = connected.map_err(|error| match DbError::from(error) {
        // Nothing was asked yet: what failed is the connection.
        DbError::Statement(text) => DbError::Unavailable(text),
        error => error,
    })?;
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to PostgreSQL ended");
        }
    });
    Ok(client)
}

/// How durable a commit of this session is.
pub(super) async fn durability(client: &Client) -> Result<Durability, DbError> {
    let sql = "SELECT current_setting('fsync'), current_setting('synchronous_commit')";
    let row = client.query_one(sql, &[]).await?;
    Ok(Durability::Postgres {
        fsync: row.try_get(0)?,
        synchronous_commit: row.try_get(1)?,
    })
}
