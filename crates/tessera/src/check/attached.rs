//! Several SQLite files on one connection that only reads.

use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::fault::{Fault, Unreadable};
use super::{bus, events, under_way};

/// How long a reader waits for a lock that a writer holds only while it opens or closes the file.
pub(super) const BUSY: Duration = Duration::from_secs(5);

/// Statements kept prepared: a rule is asked again for each of its suspects.
const PREPARED: usize = 64;

/// One of the files.
pub(super) struct Database {
    /// The service's name, or `gateway` for the book of the test gateway.
    pub(super) name: &'static str,
    pub(super) path: PathBuf,
}

/// Attaches the files under the names of their services.
pub(super) fn attach<'d>(
    files: impl IntoIterator<Item = &'d Database>,
) -> Result<Connection, Fault> {
    // What is attached inherits that it is only read.
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_in_memory_with_flags(flags)?;
    connection.busy_timeout(BUSY)?;
    connection.set_prepared_statement_cache_capacity(PREPARED);
    for Database { name, path } in files {
        let path = path
            .to_str()
            .ok_or_else(|| Unreadable(format!("not a UTF-8 path: {}", path.display())))?;
        connection.execute(&format!("ATTACH ?1 AS {name}"), [path])?;
    }
    connection.execute_batch(under_way::TABLE)?;
    connection.execute_batch(events::TABLE)?;
    connection.execute_batch(bus::TABLE)?;
    Ok(connection)
}
