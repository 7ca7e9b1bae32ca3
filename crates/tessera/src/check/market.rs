//! All databases of a marketplace on one connection that only reads: as files, or as copies.

use std::cell::Cell;

use jiff::{SignedDuration, Timestamp};
use rusqlite::types::Value;
use rusqlite::{Connection, Rows, Statement};
use tessera_platform::clock::Clock;
use tessera_platform::retention::{INBOX_DAYS, OUTBOX_DAYS};
use uuid::{Builder, Uuid};

use super::bus::Bus;
use super::copies::{Copies, Copy};
use super::fact::Facts;
use super::fault::{Fault, Unreadable};
use super::files::Files;
use super::rule::Rule;
use super::{attached, under_way};

/// The order in which the snapshots are taken: what is charged before what is paid.
pub(super) const SNAPSHOTS: [&str; 6] = [
    "gateway",
    "payments",
    "tickets",
    "expiration",
    "auth",
    "orders",
];

/// An order whose lock is over may stay unpaid for so long before that is remarkable.
const GRACE: SignedDuration = SignedDuration::from_secs(5);

/// Retention and this check read the same clock, but not at the same moment.
const MARGIN: SignedDuration = SignedDuration::from_hours(1);

/// What a rule over several databases answers at once.
pub(super) const PAGE: usize = 1_000;
const NO_LIMIT: i64 = -1;

/// Where the readings come from.
pub(super) enum Market {
    /// The files themselves: each look takes new snapshots of them.
    Files {
        connection: Connection,
        clock: Clock,
        bus: Bus,
    },
    /// Copies of a server's databases. They take long to make, so few are made.
    Copies { copies: Box<Copies>, bus: Bus },
}

/// One snapshot of each database, all taken within an instant.
pub(super) struct Reading<'m> {
    snapshots: &'m Connection,
    now: Timestamp,
    bus: &'m Bus,
    under_way_is_known: &'m Cell<bool>,
}

impl Market {
    pub(super) fn of_files(files: &Files, clock: &Clock, bus: Bus) -> Result<Market, Fault> {
        Ok(Market::Files {
            connection: attached::attach(files.all())?,
            clock: clock.clone(),
            bus,
        })
    }

    pub(super) fn of_copies(copies: Copies, bus: Bus) -> Market {
        Market::Copies {
            copies: Box::new(copies),
            bus,
        }
    }

    /// A first look, at everything.
    pub(super) fn read<T>(&mut self, look: impl Look<T>) -> Result<T, Fault> {
        match self {
            Market::Files {
                connection,
                clock,
                bus,
            } => read_files(connection, clock, bus, look),
            Market::Copies { copies, bus } => read_copy(copies.first(bus)?, bus, look),
        }
    }

    /// A second look at what the first one found, at a later moment.
    pub(super) fn read_again<T>(&mut self, look: impl Look<T>) -> Result<T, Fault> {
        match self {
            Market::Files { .. } => self.read(look),
            Market::Copies { copies, bus } => read_copy(copies.second(bus)?, bus, look),
        }
    }

    /// One more look, at a moment later than all before it.
    pub(super) fn read_anew<T>(&mut self, look: impl Look<T>) -> Result<T, Fault> {
        match self {
            Market::Files { .. } => self.read(look),
            Market::Copies { copies, bus } => read_copy(copies.another(bus)?, bus, look),
        }
    }

    /// Whether a look costs so much that no more of them are taken than are needed.
    pub(super) fn is_costly(&self) -> bool {
        matches!(self, Market::Copies { .. })
    }
}

/// What somebody does with a reading.
pub(super) trait Look<T>: FnOnce(&Reading<'_>) -> Result<T, Fault> {}

impl<T, F: FnOnce(&Reading<'_>) -> Result<T, Fault>> Look<T> for F {}

/// Takes snapshots of the files. They are given up afterwards, and with them whatever was noted in
/// temporary tables.
fn read_files<T>(
    connection: &mut Connection,
    clock: &Clock,
    bus: &Bus,
    look: impl Look<T>,
) -> Result<T, Fault> {
    let on_bus = bus.ask()?;
    let snapshots = connection.transaction()?;
    for name in SNAPSHOTS {
        // A transaction sees a database as it is when it first reads it.
        snapshots
            .prepare_cached(&format!("SELECT 1 FROM {name}.migrations"))?
            .exists([])?;
    }
    on_bus.note(&snapshots)?;
    look(&Reading {
        snapshots: &snapshots,
        now: clock.now(),
        bus,
        under_way_is_known: &Cell::new(false),
    })
}

/// A copy stays as it is, and what was noted of it stays true: it is kept for the next look.
fn read_copy<T>(copy: &Copy, bus: &Bus, look: impl Look<T>) -> Result<T, Fault> {
    let notes = copy.connection.unchecked_transaction()?;
    let seen = look(&Reading {
        snapshots: &notes,
        now: copy.taken_at,
        bus,
        under_way_is_known: &copy.under_way_is_known,
    })?;
    notes.commit()?;
    Ok(seen)
}

impl Reading<'_> {
    pub(super) fn connection(&self) -> &Connection {
        self.snapshots
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
            under_way::fill(self.snapshots, self.arrived())?;
        }
        for id in facts.ids() {
            if under_way::names(self.snapshots, id.as_bytes())? {
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
                // Events that were published before this moment are with all their followers.
                ":arrived" => Value::Integer(self.arrived().unwrap_or(i64::MAX)),
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

    fn arrived(&self) -> Option<i64> {
        self.bus.arrived(self.now)
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
