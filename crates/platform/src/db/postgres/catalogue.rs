//! What the server's own catalogue says of a database's tables, indexes and constraints.

use std::collections::BTreeMap;

use tokio_postgres::Client;

use super::snapshot::Snapshot;
use crate::db::Migration;
use crate::db::error::DbError;

/// Tables, indexes and constraints by their names, each in the server's own words. The words for the same
/// thing are the same in every schema.
pub type Catalogue = BTreeMap<String, String>;

/// The record of the migrations is made by the program, and by none of them.
const SHOW: &str = "
    SELECT c.relname::text, 'table: ' || string_agg(
        format('%I %s%s', a.attname, format_type(a.atttypid, a.atttypmod),
            CASE WHEN a.attnotnull THEN ' NOT NULL' END), ', ' ORDER BY a.attnum)
    FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace = {schema} AND c.relkind IN ('r', 'p') AND c.relname <> 'migrations'
    GROUP BY c.oid, c.relname
    UNION ALL
    SELECT c.relname::text,
        regexp_replace(pg_get_indexdef(c.oid), ' ON (ONLY )?(\"[^\"]+\"|[^ \".]+)\\.', ' ON ')
            || CASE WHEN i.indisvalid AND i.indisready AND i.indislive THEN '' ELSE ', invalid' END
            || CASE WHEN i.indimmediate THEN '' ELSE ', deferrable' END
    FROM pg_class AS c JOIN pg_index AS i ON i.indexrelid = c.oid
    WHERE c.relnamespace = {schema} AND c.relname <> 'migrations_pkey'
    UNION ALL
    SELECT k.conname::text,
        'constraint of ' || c.relname || ': ' || pg_get_constraintdef(k.oid)
    FROM pg_constraint AS k JOIN pg_class AS c ON c.oid = k.conrelid
    WHERE k.connamespace = {schema} AND k.contype IN ('c', 'f')";

/// Wherever the program finds its tables.
const OWN: &str = "(SELECT relnamespace FROM pg_class WHERE oid = to_regclass('migrations'))";

/// Tables that are made here are gone with the transaction, and nobody else ever sees them.
const ASIDE: &str = "BEGIN READ WRITE; SET LOCAL search_path = pg_temp";

impl Snapshot {
    /// What is there.
    pub async fn catalogue(&self) -> Result<Catalogue, DbError> {
        show(&self.client, OWN).await
    }

    /// What `migrations` make: the server itself is asked, with temporary tables that are taken back at once.
    /// To be called while no snapshot is taken.
    ///
    /// # Errors
    /// When the role may not make temporary tables.
    pub async fn catalogue_of(&self, migrations: &[Migration]) -> Result<Catalogue, DbError> {
        let statements = [ASIDE]
            .into_iter()
            .chain(migrations.iter().map(|migration| migration.sql));
        for sql in statements {
            self.client.batch_execute(sql).await.map_err(refused)?;
        }
        let made = show(&self.client, "pg_my_temp_schema()").await?;
        self.end().await?;
        Ok(made)
    }
}

fn refused(error: tokio_postgres::Error) -> DbError {
    match DbError::from(error) {
        error @ DbError::Unavailable(_) => error,
        error => DbError::Engine(format!(
            "no temporary tables can be made to compare its own with: {error}"
        )),
    }
}

async fn show(client: &Client, schema: &str) -> Result<Catalogue, DbError> {
    let sql = SHOW.replace("{schema}", schema);
    let rows = client.query(&sql, &[]).await?;
    rows.iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect()
}
