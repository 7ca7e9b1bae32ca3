//! One connection: its settings, and statements run on it.

use std::path::Path;
use std::thread;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{CachedStatement, Connection, ErrorCode, OpenFlags, ToSql};

use super::checkpoint::{LOG_FILE_BYTES, Moved};
use crate::db::Durability;
use crate::db::error::DbError;
use crate::db::value::{FromRow, Param, Row};

/// Statements kept prepared on each connection. A service has far fewer.
const PREPARED: usize = 256;

/// Memory for pages, at most: the writer looks all over the file, a reader mostly at its end, and the
/// system keeps the file in memory as well. More is not faster: after a commit that split a page,
/// SQLite walks the whole table of those that it keeps.
const WRITER_CACHE_KIB: i64 = 16_384;
const READER_CACHE_KIB: i64 = 4_096;

/// How long to wait for another process that writes.
const WAIT_FOR_OTHERS: Duration = Duration::from_secs(5);

/// A connection to the database file.
pub(in crate::db) struct Session(Connection);

impl Session {
    /// The connection that writes; makes the file where there is none.
    pub(super) fn open_writer(path: &Path) -> Result<Session, DbError> {
        let connection = Connection::open(path)?;
        turn_log_on(&connection)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        connection.pragma_update(None, "journal_size_limit", LOG_FILE_BYTES)?;
        Session::configured(connection, WRITER_CACHE_KIB)
    }

    /// A connection that only reads.
    pub(super) fn open_reader(path: &Path) -> Result<Session, DbError> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        Session::configured(Connection::open_with_flags(path, flags)?, READER_CACHE_KIB)
    }

    /// A connection that moves the log into the database file, and does nothing else.
    pub(super) fn open_checkpointer(path: &Path) -> Result<Session, DbError> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        Session::configured(connection, READER_CACHE_KIB)
    }

    fn configured(connection: Connection, cache_kib: i64) -> Result<Session, DbError> {
        // A plan is made once for a statement, and not again for what is bound to it: SQLite would do that at each use
        // where a parameter limits rows.
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
        connection.busy_timeout(WAIT_FOR_OTHERS)?;
        connection.pragma_update(None, "temp_store", "MEMORY")?;
        // Negative: in KiB.
        connection.pragma_update(None, "cache_size", -cache_kib)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        Ok(Session(connection))
    }

    pub(super) fn connection(&mut self) -> &mut Connection {
        &mut self.0
    }

    pub(super) fn durability(&mut self) -> Result<Durability, DbError> {
        Ok(Durability::Sqlite {
            synchronous: self
                .0
                .pragma_query_value(None, "synchronous", |row| row.get(0))?,
            journal_mode: self
                .0
                .pragma_query_value(None, "journal_mode", |row| row.get(0))?,
        })
    }

    /// A statement without parameters: `BEGIN`, `SAVEPOINT` and their like.
    pub(super) fn control(&mut self, sql: &str) -> Result<(), DbError> {
        self.0.prepare_cached(sql)?.raw_execute()?;
        Ok(())
    }

    /// Moves as much of the log into the database file as can be moved without waiting for anyone.
    pub(super) fn checkpoint(&mut self) -> Result<Moved, DbError> {
        self.run_checkpoint("PRAGMA wal_checkpoint(PASSIVE)")
    }

    /// Moves all of it, and waits so long for those who read from the log: once nobody does, it begins
    /// anew with the next commit.
    pub(super) fn checkpoint_and_restart(&mut self, wait: Duration) -> Result<Moved, DbError> {
        self.0.busy_timeout(wait)?;
        let done = self.run_checkpoint("PRAGMA wal_checkpoint(RESTART)");
        self.0.busy_timeout(WAIT_FOR_OTHERS)?;
        done
    }

    fn run_checkpoint(&mut self, sql: &str) -> Result<Moved, DbError> {
        // The first column says whether it had to give up waiting, which the others show as well: -1 where
        // another process is at it.
        let (log, moved): (i32, i32) = self
            .0
            .query_row(sql, [], |row| Ok((row.get(1)?, row.get(2)?)))?;
        if log < 0 {
            return Err(DbError::Busy);
        }
        Ok(Moved { log, moved })
    }

    /// Whether no transaction is open: SQLite ends one by itself when the disk is full.
    pub(super) fn is_autocommit(&self) -> bool {
        self.0.is_autocommit()
    }

    pub(in crate::db) fn execute(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<u64, DbError> {
        let changed = bound(&self.0, sql, params)?.raw_execute()?;
        Ok(changed as u64)
    }

    pub(in crate::db) fn query_opt<R: FromRow>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Option<R>, DbError> {
        let mut statement = bound(&self.0, sql, params)?;
        let mut rows = statement.raw_query();
        match rows.next()? {
            Some(row) => R::from_row(&mut Row::new(row)).map(Some),
            None => Ok(None),
        }
    }

    pub(in crate::db) fn query_all<R: FromRow>(
        &mut self,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<R>, DbError> {
        let mut statement = bound(&self.0, sql, params)?;
        let mut rows = statement.raw_query();
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(R::from_row(&mut Row::new(row))?);
        }
        Ok(all)
    }
}

/// Needs the file to itself for a moment, for which SQLite does not wait by itself: another start
/// may be doing the same.
fn turn_log_on(connection: &Connection) -> Result<(), DbError> {
    const TRIES: u32 = 100;
    const BETWEEN: Duration = Duration::from_millis(20);
    for _try in 1..TRIES {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) => {
                thread::park_timeout(BETWEEN);
            }
            done => return Ok(done?),
        }
    }
    Ok(connection.pragma_update(None, "journal_mode", "WAL")?)
}

/// The prepared statement with its parameters in place.
///
/// SQLite takes `$2` for a name, and numbers names by first appearance; `?2` is the second one, as `$2` is on
/// PostgreSQL.
fn bound<'c>(
    connection: &'c Connection,
    sql: &str,
    params: &[Param<'_>],
) -> Result<CachedStatement<'c>, DbError> {
    let mut statement = connection.prepare_cached(&sql.replace('$', "?"))?;
    // Each statement is met by a test, which looks; to ask for names is what costs.
    if cfg!(debug_assertions) && !is_numbered(&statement, sql) {
        return Err(wrong("a parameter is not of the form $1", sql));
    }
    let count = statement.parameter_count();
    if count > params.len() {
        return Err(wrong(&format!("${count} has no value"), sql));
    }
    if count < params.len() {
        return Err(wrong(&format!("it names no ${}", params.len()), sql));
    }
    for (index, param) in (1..).zip(params) {
        statement.raw_bind_parameter(index, param)?;
    }
    Ok(statement)
}

/// Whether no parameter takes a number by its place, as `?` and `:name` do.
fn is_numbered(statement: &CachedStatement<'_>, sql: &str) -> bool {
    let is_number = |index| {
        let name = statement.parameter_name(index);
        name.is_none_or(|name| name.starts_with('?'))
    };
    !sql.contains('?') && (1..=statement.parameter_count()).all(is_number)
}

fn wrong(what: &str, sql: &str) -> DbError {
    DbError::Statement(format!("{what}: {sql}"))
}

impl ToSql for Param<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Param::Null => ToSqlOutput::Owned(Value::Null),
            Param::Bool(value) => ToSqlOutput::Owned(Value::Integer(i64::from(*value))),
            Param::Int(value) => ToSqlOutput::Owned(Value::Integer(*value)),
            Param::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
            Param::Uuid(id) => ToSqlOutput::Borrowed(ValueRef::Blob(id.as_bytes())),
            Param::Time(time) => ToSqlOutput::Owned(Value::Integer(time.as_microsecond())),
            Param::Bytes(bytes) => ToSqlOutput::Borrowed(ValueRef::Blob(bytes)),
        })
    }
}
