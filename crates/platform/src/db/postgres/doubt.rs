//! A connection was lost while it committed: finds out what became of the transaction, by looking.
//!
//! First its process on the server is ended, so that nothing of it can happen any more; then the row that
//! this transaction alone wrote is there, or is not. (The transaction's number would not do: after a crash
//! PostgreSQL may give a number of which it remembers nothing to another one.)

use super::connect::Backend;
use super::pool::{Pool, Pooled};
use super::write::Patience;
use crate::db::error::DbError;
use crate::db::tx::Witness;
use crate::db::value::Param;

/// What became of it.
pub(super) enum Fate {
    Committed,
    /// Nothing of it is left.
    Lost,
    /// The database stayed away, or there is no row to look for.
    Unknown,
}

const END: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid = $1 AND backend_start::text = $2";

pub(super) async fn resolve(pool: &Pool, backend: &Backend, witness: Option<Witness>) -> Fate {
    let Some(witness) = witness else {
        return Fate::Unknown;
    };
    let mut patience = Patience::new();
    loop {
        match look(pool, backend, witness).await {
            Ok(Some(true)) => return Fate::Committed,
            Ok(Some(false)) => return Fate::Lost,
            Ok(None) => {}
            Err(error) => tracing::debug!(%error, "a transaction's fate is not known yet"),
        }
        if !patience.waits().await {
            return Fate::Unknown;
        }
    }
}

/// Whether the row is there; `None` as long as the transaction may still go on.
async fn look(pool: &Pool, backend: &Backend, witness: Witness) -> Result<Option<bool>, DbError> {
    let connection: Pooled = pool.main().await?;
    let still_there = connection
        .client
        .query(END, &[&backend.pid, &backend.started])
        .await?;
    if !still_there.is_empty() {
        return Ok(None);
    }
    let statement = connection.prepare(witness.sql).await?;
    let id = Param::Uuid(witness.id);
    let row = connection.client.query_opt(&statement, &[&id]).await?;
    Ok(Some(row.is_some()))
}
