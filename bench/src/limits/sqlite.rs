//! The limit of reservations on SQLite: the one reserving transaction, many of them to a durable commit, by a thread
//! that does nothing else. The same statements are `pgbench`'s in `apart`.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use rusqlite::{Connection, params};

use crate::failure::{Because, Failure};
use crate::latencies::per_second;
use crate::pace;

/// As many as wait for one commit when 64 connections reserve.
const GROUP: u64 = 64;
const BUYERS: u64 = 64;
const TICKETS: u64 = 100_000;

const FILL: &str = "
    WITH RECURSIVE n (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM n WHERE n < 99999)
    INSERT INTO tickets (id, version, seller_id, status, price, currency, snapshot)
        SELECT CAST(printf('%016d', n) AS blob), 0, CAST(printf('%016d', n) AS blob), 'available', 12000, 'usd',
            printf('%.*c', 400, 's') FROM n;
    INSERT INTO buyers (user_id, gone) SELECT id, false FROM tickets ORDER BY id LIMIT 64;";
const BUYER: &str = "SELECT gone FROM buyers WHERE user_id = ?1";
const TICKET: &str =
    "SELECT status, price, currency, starts_at, snapshot FROM tickets WHERE id = ?1";
const ORDER: &str = "INSERT INTO orders (id, version, user_id, status, unpaid, expires_at, price, fee, total, currency,
        ticket_id, snapshot, created_at, updated_at)
    VALUES (?1, 0, ?2, 'created', true, ?3, 12000, 0, 12000, 'usd', ?1, ?4, ?3, ?3)
    ON CONFLICT (ticket_id) WHERE cancel_reason IS NULL DO NOTHING";
const EVENT: &str =
    "INSERT INTO outbox (id, type, payload, created_at) VALUES (?1, 'order:created', ?2, ?3)";

pub(crate) struct Sqlite(Arc<Mutex<Bare>>);

struct Bare {
    connection: Connection,
    /// Reservations so far.
    done: u64,
    snapshot: String,
    payload: String,
}

impl Sqlite {
    /// On a copy of a database of orders that nobody has ordered in.
    pub(crate) fn on_copy_of(orders: &Path, copy: &Path) -> Result<Self, Failure> {
        let original = Connection::open(orders).because(orders.display())?;
        let target = copy.display().to_string();
        original
            .execute("VACUUM INTO ?1", [&target])
            .because(copy.display())?;
        let connection = Connection::open(copy).because(copy.display())?;
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .because("journal_mode")?;
        connection
            .pragma_update(None, "synchronous", "FULL")
            .because("synchronous")?;
        connection.execute_batch(FILL).because(FILL)?;
        Ok(Self(Arc::new(Mutex::new(Bare {
            connection,
            done: 0,
            snapshot: "s".repeat(400),
            payload: "p".repeat(900),
        }))))
    }

    /// Reservations a second, by a thread of its own, as the server's writer is one.
    pub(crate) async fn round(&self, seconds: u64) -> Result<u64, Failure> {
        let bare = Arc::clone(&self.0);
        let round = tokio::task::spawn_blocking(move || bare.lock().round(seconds));
        round.await.because("the bare transaction")?
    }

    /// How its commits are kept, as it says itself.
    pub(crate) fn durability(&self) -> Result<String, Failure> {
        let connection = &self.0.lock().connection;
        let mode: String = connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .because("journal_mode")?;
        let synchronous: i64 = connection
            .pragma_query_value(None, "synchronous", |row| row.get(0))
            .because("synchronous")?;
        Ok(format!("synchronous={synchronous}, journal_mode={mode}"))
    }
}

impl Bare {
    fn round(&mut self, seconds: u64) -> Result<u64, Failure> {
        let (began, before) = (pace::now(), self.done);
        while began.elapsed() < Duration::from_secs(seconds) {
            self.commit_group().because("the bare transaction")?;
        }
        Ok(per_second(self.done - before, pace::micros_since(began)))
    }

    fn commit_group(&mut self) -> rusqlite::Result<()> {
        let now = pace::wall_micros();
        let group = self.connection.unchecked_transaction()?;
        for _ in 0..GROUP {
            let order = id(self.done);
            let (buyer, ticket) = (id(self.done % BUYERS), id(self.done % TICKETS));
            let _gone: bool = group
                .prepare_cached(BUYER)?
                .query_row([&buyer], |row| row.get(0))?;
            let _snapshot: String = group
                .prepare_cached(TICKET)?
                .query_row([&ticket], |row| row.get(4))?;
            group
                .prepare_cached(ORDER)?
                .execute(params![order, buyer, now, self.snapshot])?;
            group
                .prepare_cached(EVENT)?
                .execute(params![order, self.payload, now])?;
            self.done += 1;
        }
        group.commit()
    }
}

/// Sixteen bytes that rise with the number, as the server's ids rise with time.
fn id(number: u64) -> Vec<u8> {
    format!("{number:016}").into_bytes()
}
