//! The books of the one process: its SQLite files.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Params, params};

use crate::failure::{Because, Failure};
use crate::latencies::Latencies;
use crate::market::KEPT_PRICE;
use crate::pace;

const ORDERS: &str = "SELECT count(*) FROM orders";
const CREATED: &str = "SELECT count(*) FROM orders WHERE status = 'created'";
const AWAITING_PAYMENT: &str = "SELECT count(*) FROM orders WHERE status = 'awaiting:payment'";
const COMPLETE: &str = "SELECT count(*) FROM orders WHERE status = 'complete'";
const CAPTURED: &str = "SELECT count(*) FROM payments WHERE status = 'captured'";
const LIVE: &str = "SELECT count(*) FROM orders WHERE cancel_reason IS NULL";
const FOR_SALE: &str = "SELECT count(*) FROM tickets WHERE status = 'available' AND price <> ?1";
/// Times are microseconds since 1970.
const LAGS: &str = "SELECT updated_at - created_at FROM orders WHERE status = 'awaiting:payment' AND created_at >= ?1";
const MOVE_ORDERS: &str = "UPDATE orders SET expires_at = ?1 WHERE cancel_reason IS NULL";
const MOVE_DEADLINES: &str = "UPDATE deadlines SET expires_at = ?1 WHERE state = 'waiting'";

const UNPUBLISHED: &str = "SELECT count(*) FROM outbox WHERE published_at IS NULL";
const UNPUBLISH: &str = "UPDATE outbox SET published_at = NULL";
const FORGET_EVENTS: &str = "DELETE FROM inbox; DELETE FROM deadlines;";

const BUSY: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(50);

pub(crate) struct Ledger {
    data_dir: PathBuf,
    orders: Connection,
    tickets: Connection,
    payments: Connection,
}

impl Ledger {
    pub(crate) fn open(data_dir: &Path) -> Result<Self, Failure> {
        let open = |name: &str| open(data_dir, name, OpenFlags::SQLITE_OPEN_READ_ONLY);
        Ok(Self {
            data_dir: data_dir.to_path_buf(),
            orders: open("orders")?,
            tickets: open("tickets")?,
            payments: open("payments")?,
        })
    }

    /// All orders ever made.
    pub(crate) fn orders(&self) -> Result<u64, Failure> {
        count(&self.orders, ORDERS)
    }

    /// Orders that tickets has confirmed, committed at the moment of asking.
    pub(crate) fn awaiting_payment(&self) -> Result<u64, Failure> {
        count(&self.orders, AWAITING_PAYMENT)
    }

    /// Orders that are paid.
    pub(crate) fn complete(&self) -> Result<u64, Failure> {
        count(&self.orders, COMPLETE)
    }

    /// Payments whose money was taken.
    pub(crate) fn captured(&self) -> Result<u64, Failure> {
        count(&self.payments, CAPTURED)
    }

    pub(crate) fn live_orders(&self) -> Result<u64, Failure> {
        count(&self.orders, LIVE)
    }

    /// But for those that are kept for an onlooker.
    pub(crate) fn tickets_for_sale(&self) -> Result<u64, Failure> {
        count_of(&self.tickets, FOR_SALE, params![KEPT_PRICE])
    }

    /// From `created` to `awaiting:payment` by the server's own stamps, of every order made since.
    pub(crate) fn lags_since(&self, wall_micros: i64) -> Result<Latencies, Failure> {
        let mut lags = Vec::new();
        let mut statement = self.orders.prepare(LAGS).because(LAGS)?;
        let rows = statement
            .query_map(params![wall_micros], |row| row.get::<_, i64>(0))
            .because(LAGS)?;
        for lag in rows {
            lags.push(lag.because(LAGS)?);
        }
        Latencies::between_stamps(lags)
    }

    /// Waits until no order is `created` any more.
    pub(crate) async fn settled(&self, within: Duration) -> Result<(), Failure> {
        let start = pace::now();
        while count(&self.orders, CREATED)? > 0 {
            if start.elapsed() > within {
                return Err(Failure::new(format!(
                    "orders are still `created` after {} s",
                    within.as_secs()
                )));
            }
            pace::pause(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Events of orders that are not published.
    pub(crate) fn unpublished(&self) -> Result<u64, Failure> {
        count(&self.orders, UNPUBLISHED)
    }

    /// Makes all events of orders unpublished, and unknown to expiration, which has everything to do again. The server must
    /// not be running. Answers how many there are.
    pub(crate) fn forget_published(self) -> Result<u64, Failure> {
        let data_dir = self.data_dir.clone();
        drop(self);
        let writable = |name| open(&data_dir, name, OpenFlags::SQLITE_OPEN_READ_WRITE);
        let expiration = writable("expiration")?;
        expiration
            .execute_batch(FORGET_EVENTS)
            .because(FORGET_EVENTS)?;
        let forgotten = writable("orders")?.execute(UNPUBLISH, []);
        u64::try_from(forgotten.because(UNPUBLISH)?).because(UNPUBLISH)
    }

    /// Moves the deadline of every lock to one instant, in milliseconds since 1970: finer ones never come
    /// from the server, whose events could not carry them. The server must not be running.
    pub(crate) fn move_deadlines(self, wall_millis: i64) -> Result<(), Failure> {
        let wall_micros = wall_millis * 1_000;
        let data_dir = self.data_dir.clone();
        drop(self);
        for (name, sql) in [("orders", MOVE_ORDERS), ("expiration", MOVE_DEADLINES)] {
            let database = open(&data_dir, name, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
            let moved = database.execute(sql, params![wall_micros]).because(sql)?;
            eprintln!("  moved {moved} deadlines in {name}.db");
        }
        Ok(())
    }
}

fn open(data_dir: &Path, name: &str, flags: OpenFlags) -> Result<Connection, Failure> {
    let file = data_dir.join(format!("{name}.db"));
    let connection = Connection::open_with_flags(&file, flags).because(file.display())?;
    connection.busy_timeout(BUSY).because(file.display())?;
    Ok(connection)
}

fn count(connection: &Connection, sql: &str) -> Result<u64, Failure> {
    count_of(connection, sql, [])
}

fn count_of(connection: &Connection, sql: &str, of: impl Params) -> Result<u64, Failure> {
    let count: i64 = connection
        .query_row(sql, of, |row| row.get(0))
        .because(sql)?;
    u64::try_from(count).because(sql)
}
