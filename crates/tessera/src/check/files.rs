//! The files of a marketplace: where they are, whether they are whole, and whether a server uses
//! them.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use tessera_payments::gateway::test_gateway::BOOK;

use super::attached::{BUSY, Database};
use super::fault::{Fault, Unreadable};
use super::report::{Invariant, Report};
use super::shape;
use crate::SERVICES;

/// Complaints of SQLite that are told of one file: more of them say nothing new.
const MOST_COMPLAINTS: usize = 5;

/// The tables whose unique indexes decide who gets a ticket and who pays: their indexes are compared
/// with their rows, which takes longer than the other tables are worth.
const LOCKS: &[(&str, &str)] = &[("orders", "orders"), ("payments", "payments")];

/// The databases of a marketplace.
pub(super) struct Files {
    all: Vec<Database>,
    lock: PathBuf,
}

impl Files {
    /// Finds the databases; every one of them must be there.
    pub(super) fn find(data_dir: &Path) -> Result<Files, Unreadable> {
        let of_services = SERVICES
            .iter()
            .map(|service| (service.name, format!("{}.db", service.name)));
        let all: Vec<Database> = of_services
            .chain([(BOOK.name, format!("{}.db", BOOK.name))])
            .map(|(name, file)| Database {
                name,
                path: data_dir.join(file),
            })
            .collect();
        let missing = all.iter().filter(|database| !database.path.is_file());
        let missing: Vec<&str> = missing.map(|database| database.name).collect();
        if !missing.is_empty() {
            let (folder, names) = (data_dir.display(), missing.join(", "));
            return Err(Unreadable(format!(
                "DATA_DIR: {folder} holds no database of {names}"
            )));
        }
        Ok(Files {
            all,
            lock: data_dir.join("lock"),
        })
    }

    pub(super) fn all(&self) -> &[Database] {
        &self.all
    }

    /// Whether a server runs on them: it holds the lock as long as it lives. Asks for a share of
    /// the lock, and gives it back at once.
    pub(super) fn is_served(&self) -> bool {
        let Ok(file) = File::open(&self.lock) else {
            return false;
        };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

impl Database {
    /// Looks whether the file is whole, and of the shape that its migrations gave it.
    pub(super) fn examine(&self, report: &mut Report) -> Result<(), Fault> {
        let complaints = match self.complaints() {
            Err(Fault::Damaged(what)) => vec![what],
            other => other?,
        };
        for complaint in complaints.iter().take(MOST_COMPLAINTS) {
            report.broken(Invariant::Files, format!("{}.db: {complaint}", self.name));
        }
        if complaints.is_empty() {
            self.examine_shape(report)?;
        }
        Ok(())
    }

    fn examine_shape(&self, report: &mut Report) -> Result<(), Fault> {
        let service = SERVICES.iter().find(|service| service.name == self.name);
        let migrations = service.map(|service| service.all_migrations());
        for wrong in shape::compare(self.name, &self.open()?, migrations.as_deref())? {
            report.broken(wrong.invariant, wrong.what);
        }
        Ok(())
    }

    fn complaints(&self) -> Result<Vec<String>, Fault> {
        let connection = self.open()?;
        let mut pragmas = vec!["PRAGMA quick_check".to_owned()];
        let locks = LOCKS.iter().filter(|(name, _)| *name == self.name);
        pragmas.extend(locks.map(|(_, table)| format!("PRAGMA integrity_check({table})")));
        let mut complaints = Vec::new();
        for pragma in pragmas {
            let mut statement = connection.prepare(&pragma)?;
            let rows = statement.query_map([], |row| row.get::<_, String>(0))?;
            for row in rows {
                complaints.extend(Some(row?).filter(|complaint| complaint != "ok"));
            }
        }
        Ok(complaints)
    }

    fn open(&self) -> Result<Connection, Fault> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(&self.path, flags)?;
        connection.busy_timeout(BUSY)?;
        Ok(connection)
    }
}
