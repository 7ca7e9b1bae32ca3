//! One database's copy: a SQLite file of the same tables, filled from a snapshot.

use std::path::Path;

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, Statement};
use tessera_platform::db::postgres::Snapshot;
use tessera_platform::db::{Column, DbError, FromColumn, Migration, Param, Row};
use tokio::runtime::Handle;

use super::tables::{self, Extent, Table};

/// It is written once, read and deleted: nothing of it has to survive anything. Rows come in any order.
const SETTINGS: &str =
    "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA foreign_keys = OFF;
    PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -65536; BEGIN";

const TABLES: &str = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
const INDEXES: &str =
    "SELECT name, tbl_name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL";

/// What went wrong, and on which side.
#[derive(Debug)]
pub(super) enum Failure {
    /// The server did not answer, or answered what no service wrote.
    Server(DbError),
    /// Two rows that a key should have kept apart, or a value that is missing.
    Rows(String),
    /// The file cannot be written.
    File(rusqlite::Error),
}

/// What one copy is made of.
pub(super) struct Source<'s> {
    pub(super) name: &'static str,
    pub(super) migrations: &'s [Migration],
    pub(super) snapshot: &'s Snapshot,
    pub(super) extent: Extent,
    /// Events that were published from this moment on are still asked about.
    pub(super) since: Timestamp,
}

impl Source<'_> {
    /// Makes the file at `path`.
    pub(super) fn copy_to(&self, path: &Path, runtime: &Handle) -> Result<(), Failure> {
        let file = Connection::open(path)?;
        file.execute_batch(SETTINGS)?;
        for migration in self.migrations {
            file.execute_batch(migration.sql)?;
        }
        let indexes = take_indexes(&file)?;
        let kept: Vec<&Table> = tables::of(self.name, self.extent).collect();
        drop_others(&file, &kept)?;
        for table in &kept {
            runtime.block_on(self.copy(table, &file))?;
        }
        for index in indexes {
            if kept.iter().any(|table| table.name == index.table) {
                file.execute_batch(&index.sql)?;
            }
        }
        Ok(file.execute_batch("COMMIT")?)
    }

    async fn copy(&self, table: &Table, file: &Connection) -> Result<(), Failure> {
        let columns = columns(file, table.name)?;
        let expressions = columns
            .iter()
            .map(|column| table.expression(column, self.extent));
        let expressions: Vec<String> = expressions.collect();
        let (name, count) = (table.name, columns.len());
        let select = format!("SELECT {} FROM \"{name}\"", expressions.join(", "));
        let places = vec!["?"; count].join(", ");
        let mut insert = file.prepare(&format!("INSERT INTO \"{name}\" VALUES ({places})"))?;
        let since = [Param::Time(self.since)];
        let params = if table.asks_since(self.extent) {
            &since[..]
        } else {
            &[]
        };
        let each = |row: &mut Row<'_>| keep(row, count, &mut insert);
        self.snapshot.each(&select, params, each).await
    }
}

/// A value as SQLite keeps it: ids as bytes, times as microseconds, what is true as 1.
struct Cell(Value);

impl FromColumn for Cell {
    fn from_column(column: Column<'_>) -> Option<Cell> {
        Some(Cell(match column {
            Column::Null => Value::Null,
            Column::Int(number) => Value::Integer(number),
            Column::Text(text) => Value::Text(text.to_owned()),
            Column::Bytes(bytes) => Value::Blob(bytes.to_owned()),
            Column::Other => return None,
        }))
    }
}

fn keep(row: &mut Row<'_>, columns: usize, insert: &mut Statement<'_>) -> Result<(), Failure> {
    for index in 1..=columns {
        let Cell(value) = row.next()?;
        insert.raw_bind_parameter(index, value)?;
    }
    insert.raw_execute()?;
    Ok(())
}

struct Index {
    table: String,
    sql: String,
}

/// Takes the indexes away until the rows are there. None of them is unique afterwards: what should not
/// be there must be seen, and not be refused.
fn take_indexes(file: &Connection) -> Result<Vec<Index>, Failure> {
    let mut statement = file.prepare(INDEXES)?;
    let found = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let found: Vec<(String, String, String)> = found.collect::<Result<_, _>>()?;
    let mut indexes = Vec::new();
    for (name, table, sql) in found {
        file.execute_batch(&format!("DROP INDEX \"{name}\""))?;
        let sql = sql.replacen("CREATE UNIQUE INDEX", "CREATE INDEX", 1);
        indexes.push(Index { table, sql });
    }
    Ok(indexes)
}

fn drop_others(file: &Connection, kept: &[&Table]) -> Result<(), Failure> {
    for name in texts(file, TABLES)? {
        if kept.iter().all(|table| table.name != name) {
            file.execute_batch(&format!("DROP TABLE \"{name}\""))?;
        }
    }
    Ok(())
}

fn columns(file: &Connection, table: &str) -> Result<Vec<String>, Failure> {
    texts(
        file,
        &format!("SELECT name FROM pragma_table_info('{table}')"),
    )
}

fn texts(file: &Connection, sql: &str) -> Result<Vec<String>, Failure> {
    let mut statement = file.prepare(sql)?;
    let texts = statement.query_map([], |row| row.get(0))?;
    Ok(texts.collect::<Result<_, _>>()?)
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Failure {
        match error {
            DbError::Corrupt(what) => Failure::Rows(what),
            error => Failure::Server(error),
        }
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Failure {
        match error.sqlite_error_code() {
            Some(ErrorCode::ConstraintViolation) => Failure::Rows(error.to_string()),
            _ => Failure::File(error),
        }
    }
}
