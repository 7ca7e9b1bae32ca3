//! The databases of a PostgreSQL server, copied into SQLite files that live as long as they are looked at.
//!
//! So the same rules are asked, in the same SQL, whatever a marketplace runs on. The snapshots of a copy
//! are all taken, within an instant and in their order, before the first row is read. Nothing is written
//! to the server, whose rows stay readable to all.

mod fill;
mod tables;

use std::cell::Cell;

use jiff::Timestamp;
use rusqlite::Connection;
use tempfile::TempDir;
use tessera_platform::clock::Clock;
use tessera_platform::db::postgres::{Server, Snapshot};
use tessera_platform::db::{DbError, Migration};
use tokio::runtime::Handle;

use super::attached::{self, Database};
use super::bus::{Bus, travelling_since};
use super::fault::{Fault, Unreadable};
use super::market::SNAPSHOTS;
use super::report::Report;
use super::shape;
use crate::SERVICES;
use fill::{Failure, Source};
use tables::Extent;

/// The databases on a server, and the copies that were made of them.
pub(super) struct Copies {
    /// In the order in which their snapshots are taken.
    databases: Vec<Served>,
    runtime: Handle,
    clock: Clock,
    first: Option<Copy>,
    second: Option<Copy>,
}

/// One database, and the connection to it.
struct Served {
    name: &'static str,
    migrations: Vec<Migration>,
    snapshot: Snapshot,
}

/// All databases as they were at one moment.
pub(super) struct Copy {
    // Closed before the files are deleted.
    pub(super) connection: Connection,
    pub(super) taken_at: Timestamp,
    pub(super) under_way_is_known: Cell<bool>,
    _folder: TempDir,
}

impl Copies {
    /// Connects to all databases. To be called, as all of this, on a thread of the runtime that may block.
    pub(super) fn connect(server: &Server, clock: &Clock) -> Result<Copies, Unreadable> {
        let runtime = Handle::current();
        let all: Vec<_> = SERVICES
            .iter()
            .flat_map(|service| service.databases())
            .collect();
        let mut databases = Vec::new();
        for name in SNAPSHOTS {
            let found = all.iter().find(|(known, _)| *known == name);
            let migrations = found.map(|(_, migrations)| migrations.clone());
            let snapshot = runtime.block_on(Snapshot::connect(server, name));
            databases.push(Served {
                name,
                migrations: migrations.unwrap_or_default(),
                snapshot: snapshot.map_err(|error| unreadable(name, &error))?,
            });
        }
        Ok(Copies {
            databases,
            runtime,
            clock: clock.clone(),
            first: None,
            second: None,
        })
    }

    pub(super) fn count(&self) -> usize {
        self.databases.len()
    }

    /// Looks whether the databases are of this version, and of the shape that its migrations give them.
    pub(super) fn examine(&self, report: &mut Report) -> Result<(), Unreadable> {
        for database in &self.databases {
            let looked = self.runtime.block_on(database.catalogues());
            let (found, expected) = looked.map_err(|error| unreadable(database.name, &error))?;
            let of = format!("database {}", database.name);
            for wrong in shape::differences(&of, &found, &expected) {
                report.broken(wrong.invariant, wrong.what);
            }
        }
        Ok(())
    }

    /// What the first look is at: everything.
    pub(super) fn first(&mut self, bus: &Bus) -> Result<&Copy, Fault> {
        let copy = match self.first.take() {
            Some(copy) => copy,
            None => self.copy(Extent::Whole, bus)?,
        };
        Ok(self.first.insert(copy))
    }

    /// What the second look is at: a copy that is made once the first look is over, if it found anything.
    pub(super) fn second(&mut self, bus: &Bus) -> Result<&Copy, Fault> {
        let copy = match self.second.take() {
            Some(copy) => copy,
            None => self.copy(Extent::Across, bus)?,
        };
        Ok(self.second.insert(copy))
    }

    /// Makes a copy for one more look, in the place of those before it.
    pub(super) fn another(&mut self, bus: &Bus) -> Result<&Copy, Fault> {
        (self.first, self.second) = (None, None);
        self.second(bus)
    }

    fn copy(&self, extent: Extent, bus: &Bus) -> Result<Copy, Fault> {
        let folder = TempDir::with_prefix("tessera-check-").map_err(|error| {
            Unreadable(format!("there is no room for temporary files: {error}"))
        })?;
        let on_bus = bus.ask()?;
        // Read before the snapshots: whatever is due by then has its time to be done.
        let taken_at = self.clock.now();
        for database in &self.databases {
            let taken = self.runtime.block_on(database.snapshot.take());
            taken.map_err(|error| unreadable(database.name, &error))?;
        }
        let travelling = travelling_since(taken_at);
        let since = on_bus
            .since()
            .map_or(travelling, |since| since.min(travelling));
        let mut files = Vec::new();
        for database in &self.databases {
            let path = folder.path().join(format!("{}.db", database.name));
            let source = database.source(extent, since);
            let copied = source.copy_to(&path, &self.runtime);
            copied.map_err(|failure| told(database.name, failure))?;
            let ended = self.runtime.block_on(database.snapshot.end());
            ended.map_err(|error| unreadable(database.name, &error))?;
            files.push(Database {
                name: database.name,
                path,
            });
        }
        let connection = attached::attach(&files)?;
        on_bus.note(&connection)?;
        Ok(Copy {
            connection,
            taken_at,
            under_way_is_known: Cell::new(false),
            _folder: folder,
        })
    }
}

impl Served {
    fn source(&self, extent: Extent, since: Timestamp) -> Source<'_> {
        Source {
            name: self.name,
            migrations: &self.migrations,
            snapshot: &self.snapshot,
            extent,
            since,
        }
    }

    /// What is there, and what should be.
    async fn catalogues(&self) -> Result<(shape::Statements, shape::Statements), DbError> {
        self.snapshot.verify(&self.migrations).await?;
        let found = self.snapshot.catalogue().await?;
        let expected = self.snapshot.catalogue_of(&self.migrations).await?;
        Ok((found, expected))
    }
}

fn told(database: &str, failure: Failure) -> Fault {
    match failure {
        Failure::Server(error) => unreadable(database, &error).into(),
        Failure::Rows(what) => Fault::Damaged(format!("database {database}: {what}")),
        Failure::File(error) => Unreadable(format!(
            "database {database} cannot be copied to a temporary file: {error}"
        ))
        .into(),
    }
}

fn unreadable(database: &str, error: &DbError) -> Unreadable {
    Unreadable(format!("DATABASE_URL: database {database}: {error}"))
}
