//! All databases of a marketplace on one connection that only reads.

use std::cell::Cell;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags, Rows, Statement, Transaction};
use tessera_platform::clock::Clock;
use tessera_platform::retention::{INBOX_DAYS, OUTBOX_DAYS};
use uuid::{Builder, Uuid};

use super::fact::Facts;
use super::fault::{Fault, Unreadable};
use super::files::{Database, Files};
use super::rule::Rule;
use super::{events, under_way};

/// How long a reader waits for a lock that a writer holds only while it opens or closes the file.
const BUSY: Duration = Duration::from_secs(5);

/// The order in which the snapshots are taken: what is charged before what is paid.
const SNAPSHOTS: [&str; 6] = [
    "gateway",
    "payments",
    "tickets",
    "expiration",
    "auth",
    "orders",
];

/// Statements kept prepared: a rule is asked again for each of its suspects.
const PREPARED: usize = 64;

/// An order whose lock is over may stay unpaid for so long before that is remarkable.
const GRACE: SignedDuration = SignedDuration::from_secs(5);

/// Retention and this check read the same clock, but not at the same moment.
const MARGIN: SignedDuration = SignedDuration::from_hours(1);

/// What a rule over several databases answers at once.
pub(super) const PAGE: usize = 1_000;
const NO_LIMIT: i64 = -1;

/// The databases, attached under the names of their services.
pub(super) struct Market {
    connection: Connection,
    clock: Clock,
}

/// One snapshot of each database, all taken within an instant.
pub(super) struct Reading<'m> {
    snapshots: Transaction<'m>,
    now: Timestamp,
    under_way_is_known: Cell<bool>,
}

impl Market {
    pub(super) fn open(files: &Files, clock: &Clock) -> Result<Market, Fault> {
        // What is attached inherits that it is only read.
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_in_memory_with_flags(flags)?;
        connection.busy_timeout(BUSY)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        for Database { name, path } in files.all() {
            let path = path
                .to_str()
                .ok_or_else(|| Unreadable("DATA_DIR: not a UTF-8 path".to_owned()))?;
            connection.execute(&format!("ATTACH ?1 AS {name}"), [path])?;
        }
        connection.execute_batch(under_way::TABLE)?;
        connection.execute_batch(events::TABLE)?;
        Ok(Market {
            connection,
            clock: clock.clone(),
        })
    }

    /// Takes snapshots, and looks at them. They are given up afterwards, and with them whatever was
    /// noted in temporary tables.
    pub(super) fn read<T>(
        &mut self,
        look: impl FnOnce(&Reading<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let snapshots = self.connection.transaction()?;
        for name in SNAPSHOTS {
            // A transaction sees a database as it is when it first reads it.
            snapshots
                .prepare_cached(&format!("SELECT 1 FROM {name}.migrations"))?
                .exists([])?;
        }
        look(&Reading {
            snapshots,
            now: self.clock.now(),
            under_way_is_known: Cell::new(false),
        })
    }
}

impl Reading<'_> {
    pub(super) fn connection(&self) -> &Connection {
        &self.snapshots
    }

    /// Hands over everything that breaks a rule.
    pub(super) fn each(&self, rule: &Rule, mut broken: impl FnMut(Facts)) -> Result<(), Fault> {
        let mut statement = self.snapshots.prepare_cached(&rule.sql)?;
        let mut rows = self.bound(&mut statement, (Uuid::nil(), Uuid::max()), NO_LIMIT)?;
        while let Some(row) = rows.next()? {
            broken(Facts::of(row)?);
        }
        Ok(())
    }

    /// The first suspects of a rule over several databases, from the key `from` on.
    pub(super) fn suspects(&self, rule: &Rule, from: Uuid) -> Result<Vec<Facts>, Fault> {
        let mut statement = self.snapshots.prepare_cached(&rule.sql)?;
        let rows = self.bound(&mut statement, (from, Uuid::max()), PAGE as i64)?;
        Ok(rows.mapped(Facts::of).collect::<rusqlite::Result<_>>()?)
    }

    /// The suspect with this key, if it still is one.
    pub(super) fn suspect(&self, rule: &Rule, key: Uuid) -> Result<Option<Facts>, Fault> {
        let mut statement = self.snapshots.prepare_cached(&rule.sql)?;
        let mut rows = self.bound(&mut statement, (key, key), 1)?;
        Ok(rows.next()?.map(Facts::of).transpose()?)
    }

    /// Whether an event that is still to be handled names any of these ids.
    pub(super) fn is_under_way(&self, facts: &Facts) -> Result<bool, Fault> {
        if !self.under_way_is_known.replace(true) {
            under_way::fill(&self.snapshots)?;
        }
        for id in facts.ids() {
            if under_way::names(&self.snapshots, id.as_bytes())? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    pub(super) fn count(&self, sql: &str) -> Result<usize, Fault> {
        let count: i64 = self
            .snapshots
            .prepare_cached(sql)?
            .query_row([], |row| row.get(0))?;
        Ok(usize::try_from(count).unwrap_or_default())
    }

    fn bound<'s>(
        &self,
        statement: &'s mut Statement<'_>,
        (from, to): (Uuid, Uuid),
        most: i64,
    ) -> Result<Rows<'s>, Fault> {
        for index in 1..=statement.parameter_count() {
            let value = match statement.parameter_name(index).unwrap_or_default() {
                ":from" => Value::Blob(from.as_bytes().to_vec()),
                ":to" => Value::Blob(to.as_bytes().to_vec()),
                ":most" => Value::Integer(most),
                // Locks that ended before this moment should have been released.
                ":overdue" => Value::Integer(self.before(GRACE).as_microsecond()),
                // Events from this moment on are still in their outboxes, published or not.
                ":recent" => Value::Integer(self.before(days(OUTBOX_DAYS)).as_microsecond()),
                // Every inbox still knows the events with this id and later ones.
                ":remembered" => Value::Blob(
                    first_id_of(self.before(days(INBOX_DAYS)))
                        .as_bytes()
                        .to_vec(),
                ),
                other => return Err(Unreadable(format!("a rule asks for {other}")).into()),
            };
            statement.raw_bind_parameter(index, value)?;
        }
        Ok(statement.raw_query())
    }

    fn before(&self, span: SignedDuration) -> Timestamp {
        self.now.saturating_sub(span).unwrap_or(Timestamp::MIN)
    }
}

/// So many days, but for the margin.
fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days) - MARGIN
}

/// The least id that could have been drawn at `moment`.
fn first_id_of(moment: Timestamp) -> Uuid {
    let millis = u64::try_from(moment.as_millisecond()).unwrap_or_default();
    Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid()
}
