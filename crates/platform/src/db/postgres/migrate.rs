//! Brings a database to the shape that this version of the code expects: the same files, and the same
//! rules, as on SQLite.

use tokio_postgres::{Client, GenericClient};

use crate::db::Migration;
use crate::db::error::DbError;
use crate::db::migration::{Applied, missing, refuse_newer, refuse_older};

const EXISTS: &str = "SELECT to_regclass('migrations') IS NOT NULL";
const CREATE: &str =
    "CREATE TABLE IF NOT EXISTS migrations (name text PRIMARY KEY, sql text NOT NULL)";

/// Others that start at the same time wait for this lock: until the transaction ends, and longer than any
/// other statement may.
const LOCK: &str = "SET LOCAL statement_timeout = '120s'; SET LOCAL lock_timeout = '120s';
    SELECT pg_advisory_xact_lock(7305808869231646001)";

/// Applies those of `migrations` that the database lacks. Where it lacks none, the role needs no right to
/// change anything.
pub(super) async fn apply(client: &mut Client, migrations: &[Migration]) -> Result<(), DbError> {
    if missing(&applied(client).await?, migrations)?.is_empty() {
        return Ok(());
    }
    let tx = client.transaction().await?;
    tx.batch_execute(LOCK).await?;
    tx.batch_execute(CREATE).await?;
    // Read again: whoever had the lock before may have done it all.
    for migration in missing(&applied(&tx).await?, migrations)? {
        tx.batch_execute(migration.sql).await.map_err(|error| {
            let reason = DbError::from(error);
            DbError::Engine(format!("migration {}: {reason}", migration.name))
        })?;
        let insert = "INSERT INTO migrations (name, sql) VALUES ($1, $2)";
        tx.execute(insert, &[&migration.name, &migration.sql])
            .await?;
    }
    Ok(tx.commit().await?)
}

/// Refuses a database that is not of this version or of a newer one that goes together with it.
pub(super) async fn verify(client: &Client, migrations: &[Migration]) -> Result<(), DbError> {
    refuse_older(&missing(&applied(client).await?, migrations)?)
}

/// Refuses a database that is not of this very version.
pub(super) async fn verify_exactly(
    client: &Client,
    migrations: &[Migration],
) -> Result<(), DbError> {
    let applied = applied(client).await?;
    refuse_newer(&applied, migrations)?;
    refuse_older(&missing(&applied, migrations)?)
}

async fn applied(client: &impl GenericClient) -> Result<Vec<Applied>, DbError> {
    let exists: bool = client.query_one(EXISTS, &[]).await?.try_get(0)?;
    if !exists {
        return Ok(Vec::new());
    }
    let rows = client
        .query("SELECT name, sql FROM migrations", &[])
        .await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}
