//! The books of the distributed form: a database for each service, on one PostgreSQL.

use std::collections::HashMap;
use std::time::Duration;

use tokio_postgres::{Client, NoTls};

use crate::failure::{Because, Failure};
use crate::latencies::{Latencies, grouped};
use crate::market::KEPT_PRICE;
use crate::pace;

const ORDERS: &str = "SELECT count(*) FROM orders";
const CREATED: &str = "SELECT count(*) FROM orders WHERE status = 'created'";
const AWAITING_PAYMENT: &str = "SELECT count(*) FROM orders WHERE status = 'awaiting:payment'";
const KNOWN_TICKETS: &str = "SELECT count(*) FROM tickets";
const UNPUBLISHED: &str = "SELECT count(*) FROM outbox WHERE published_at IS NULL";
const PUBLISHED_EVER: &str = "SELECT count(*) FROM outbox WHERE published_at IS NOT NULL";
/// Times are microseconds since 1970, as the server keeps them.
const LAGS: &str =
    "SELECT (extract(epoch FROM updated_at - created_at) * 1000000)::bigint FROM orders
    WHERE status = 'awaiting:payment' AND created_at >= to_timestamp($1::bigint / 1000000.0)";
/// When the transaction began that appended the event: its commit is later, so no latency is made to look shorter.
const PUBLISHED: &str =
    "SELECT id::text, (extract(epoch FROM created_at) * 1000000)::bigint FROM outbox
    WHERE created_at >= to_timestamp($1::bigint / 1000000.0)";
/// When the transaction was committed that took the event in.
const TAKEN_IN: &str =
    "SELECT event_id::text, (extract(epoch FROM pg_xact_commit_timestamp(xmin)) * 1000000)::bigint
    FROM inbox WHERE received_at >= to_timestamp($1::bigint / 1000000.0)";
const SETTINGS: &str = "SELECT current_setting('fsync'), current_setting('synchronous_commit'),
    current_setting('server_version'), current_setting('shared_buffers'), current_setting('max_wal_size'),
    current_setting('track_commit_timestamp')";
/// The baseline's own: as many buyers as it has clients, and tickets to look at.
const FILL_BASELINE: &str = "
    INSERT INTO buyers (user_id, gone) SELECT lpad(to_hex(n), 32, '0')::uuid, false FROM generate_series(0, 999) AS n;
    INSERT INTO tickets (id, version, seller_id, status, price, currency, snapshot)
        SELECT lpad(to_hex(n), 32, '0')::uuid, 0, lpad(to_hex(n), 32, '0')::uuid, 'available', 12000, 'usd', repeat('s', 400)
        FROM generate_series(0, 99999) AS n;
    ANALYZE;";

const LIVE: &str = "SELECT count(*) FROM orders WHERE cancel_reason IS NULL";
const FOR_SALE: &str = "SELECT count(*) FROM tickets WHERE status = 'available' AND price <> $1";
const MOVE: [(&str, &str); 2] = [
    (
        "orders",
        "UPDATE orders SET expires_at = to_timestamp($1::bigint / 1000.0) WHERE cancel_reason IS NULL",
    ),
    (
        "expiration",
        "UPDATE deadlines SET expires_at = to_timestamp($1::bigint / 1000.0) WHERE state = 'waiting'",
    ),
];
/// The id of copy number `k` of something: the same one in each database. It is as if it had been made long ago, so that it is
/// nobody's yet (ids begin with their time).
const COPY: &str =
    "CREATE FUNCTION pg_temp.copy(id uuid, k int) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT overlay(id::text placing lpad(to_hex(k), 4, '0') from 1 for 4)::uuid $$";
/// What services know of tickets and orders, and in which columns (the ticket's text names it, too). Those that were made long
/// ago have no events any more.
const COPIED: [(&str, &str, &str); 7] = [
    (
        "tickets",
        "tickets",
        "'id', pg_temp.copy(o.id, k), 'order_id', pg_temp.copy(o.order_id, k),
        'created_at', timestamptz '2020-01-01'",
    ),
    (
        "tickets",
        "ticket_terms",
        "'ticket_id', pg_temp.copy(o.ticket_id, k)",
    ),
    ("tickets", "versions", "'id', pg_temp.copy(o.id, k)"),
    (
        "orders",
        "tickets",
        "'id', pg_temp.copy(o.id, k),
        'snapshot', replace(o.snapshot, o.id::text, pg_temp.copy(o.id, k)::text)",
    ),
    (
        "orders",
        "orders",
        "'id', pg_temp.copy(o.id, k), 'ticket_id', pg_temp.copy(o.ticket_id, k),
        'created_at', timestamptz '2020-01-01',
        'snapshot', replace(o.snapshot, o.ticket_id::text, pg_temp.copy(o.ticket_id, k)::text)",
    ),
    (
        "expiration",
        "deadlines",
        "'order_id', pg_temp.copy(o.order_id, k)",
    ),
    ("payments", "orders", "'id', pg_temp.copy(o.id, k)"),
];

const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Longer than anything is on its way that is not stuck.
const STILL_FOR: Duration = Duration::from_secs(2);

/// Whose outboxes and inboxes events go through.
const SERVICES: [&str; 5] = ["auth", "tickets", "orders", "expiration", "payments"];

pub(crate) struct Databases {
    services: HashMap<&'static str, Client>,
}

impl Databases {
    /// `server` is a URL without a database.
    pub(crate) async fn open(server: &str) -> Result<Self, Failure> {
        let mut services = HashMap::new();
        for name in SERVICES {
            services.insert(name, connect(&format!("{server}/{name}")).await?);
        }
        Ok(Self { services })
    }

    fn of(&self, service: &str) -> Result<&Client, Failure> {
        let known = self.services.get(service);
        known.ok_or_else(|| Failure::new(format!("there is no database {service}")))
    }

    /// All orders ever made.
    pub(crate) async fn orders(&self) -> Result<u64, Failure> {
        self.count("orders", ORDERS).await
    }

    /// Orders that tickets has confirmed, committed at the moment of asking.
    pub(crate) async fn awaiting_payment(&self) -> Result<u64, Failure> {
        self.count("orders", AWAITING_PAYMENT).await
    }

    /// Waits until orders has heard of so many tickets.
    pub(crate) async fn known_tickets(&self, count: u64, within: Duration) -> Result<(), Failure> {
        let start = pace::now();
        while self.count("orders", KNOWN_TICKETS).await? < count {
            timely(
                start.elapsed(),
                within,
                "orders has not heard of all tickets",
            )?;
            pace::pause(LOOK_EVERY).await;
        }
        Ok(())
    }

    /// Waits until no order is `created` any more, and every event is published.
    pub(crate) async fn settled(&self, within: Duration) -> Result<(), Failure> {
        let start = pace::now();
        while self.count("orders", CREATED).await? > 0 || self.unpublished().await? > 0 {
            timely(
                start.elapsed(),
                within,
                "not all orders await their payment",
            )?;
            pace::pause(LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn unpublished(&self) -> Result<u64, Failure> {
        self.count_all(UNPUBLISHED).await
    }

    /// Events that the bus has confirmed, ever.
    pub(crate) async fn published(&self) -> Result<u64, Failure> {
        self.count_all(PUBLISHED_EVER).await
    }

    async fn count_all(&self, sql: &str) -> Result<u64, Failure> {
        let mut all = 0;
        for service in SERVICES {
            all += self.count(service, sql).await?;
        }
        Ok(all)
    }

    /// From `created` to `awaiting:payment` by the server's own stamps, of every order made since.
    pub(crate) async fn lags_since(&self, wall_micros: i64) -> Result<Latencies, Failure> {
        let rows = self.of("orders")?.query(LAGS, &[&wall_micros]).await;
        let rows = rows.because(LAGS)?;
        Latencies::between_stamps(rows.iter().map(|row| row.get(0)).collect())
    }

    /// From the transaction that says something to the commit of the one that takes it in, of everything said since, and once no
    /// more of it is taken in: what is late must not be left out.
    pub(crate) async fn all_event_latencies(&self, wall_micros: i64) -> Result<Latencies, Failure> {
        let mut latencies = self.event_latencies(wall_micros).await?;
        loop {
            pace::pause(STILL_FOR).await;
            let again = self.event_latencies(wall_micros).await?;
            if again.count() == latencies.count() {
                return Ok(again);
            }
            latencies = again;
        }
    }

    async fn event_latencies(&self, wall_micros: i64) -> Result<Latencies, Failure> {
        let mut said: HashMap<String, i64> = HashMap::new();
        for service in SERVICES {
            said.extend(self.stamps(service, PUBLISHED, wall_micros).await?);
        }
        let mut latencies = Latencies::new()?;
        for service in SERVICES {
            for (event, taken_in) in self.stamps(service, TAKEN_IN, wall_micros).await? {
                if let Some(said) = said.get(&event) {
                    latencies.record(u64::try_from(taken_in - said).unwrap_or(0));
                }
            }
        }
        Ok(latencies)
    }

    async fn stamps(
        &self,
        service: &str,
        sql: &str,
        since: i64,
    ) -> Result<Vec<(String, i64)>, Failure> {
        let rows = self.of(service)?.query(sql, &[&since]).await.because(sql)?;
        Ok(rows.iter().map(|row| (row.get(0), row.get(1))).collect())
    }

    /// Makes `times` out of each ticket and its order, with everything that the services know of them but the events that it
    /// came by: what is there already was made by the services themselves. They must not be running.
    pub(crate) async fn multiply(&self, times: i32) -> Result<(), Failure> {
        for service in ["tickets", "orders", "expiration", "payments"] {
            let made = self.of(service)?.batch_execute(COPY).await;
            made.because(COPY)?;
        }
        for (service, table, ids) in COPIED {
            let sql = format!(
                "INSERT INTO {table} SELECT copied.* FROM {table} o, generate_series(2, $1) k,
                LATERAL jsonb_populate_record(o, jsonb_build_object({ids})) copied"
            );
            let copied = self.of(service)?.execute(&sql, &[&times]).await;
            let copied = copied.because(&sql)?;
            eprintln!("  {} rows more of {table} in {service}", grouped(copied));
        }
        for service in SERVICES {
            let analyzed = self.of(service)?.batch_execute("VACUUM ANALYZE").await;
            analyzed.because("VACUUM ANALYZE")?;
        }
        Ok(())
    }

    /// Moves the deadline of every lock to one instant, in milliseconds since 1970. The services must not be running.
    pub(crate) async fn move_deadlines(&self, wall_millis: i64) -> Result<(), Failure> {
        for (service, sql) in MOVE {
            let moved = self.of(service)?.execute(sql, &[&wall_millis]).await;
            let moved = moved.because(sql)?;
            eprintln!("  moved {} deadlines in {service}", grouped(moved));
        }
        Ok(())
    }

    pub(crate) async fn live_orders(&self) -> Result<u64, Failure> {
        self.count("orders", LIVE).await
    }

    /// But for those that are kept for an onlooker.
    pub(crate) async fn tickets_for_sale(&self) -> Result<u64, Failure> {
        let row = self.of("tickets")?.query_one(FOR_SALE, &[&KEPT_PRICE]);
        let row = row.await.because(FOR_SALE)?;
        u64::try_from(row.get::<_, i64>(0)).because(FOR_SALE)
    }

    /// How the books are kept, as the server says.
    pub(crate) async fn durability(&self) -> Result<String, Failure> {
        let row = self
            .of("orders")?
            .query_one(SETTINGS, &[])
            .await
            .because(SETTINGS)?;
        let settings: [String; 6] = std::array::from_fn(|n| row.get(n));
        let [fsync, commit, version, buffers, wal, stamps] = settings;
        Ok(format!(
            "PostgreSQL {version}: fsync={fsync}, synchronous_commit={commit}, shared_buffers={buffers}, max_wal_size={wal}, track_commit_timestamp={stamps}"
        ))
    }

    async fn count(&self, service: &str, sql: &str) -> Result<u64, Failure> {
        let row = self.of(service)?.query_one(sql, &[]).await.because(sql)?;
        u64::try_from(row.get::<_, i64>(0)).because(sql)
    }
}

/// What the baseline works on: the tables of orders, with buyers and tickets of its own.
pub(crate) async fn fill_baseline(database: &str) -> Result<(), Failure> {
    let filled = connect(database).await?.batch_execute(FILL_BASELINE).await;
    filled.because("the baseline's database")
}

async fn connect(url: &str) -> Result<Client, Failure> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.because(url)?;
    // Its errors reach the client.
    drop(tokio::spawn(connection));
    Ok(client)
}

fn timely(elapsed: Duration, within: Duration, otherwise: &str) -> Result<(), Failure> {
    if elapsed <= within {
        return Ok(());
    }
    let seconds = within.as_secs();
    Err(Failure::new(format!("{otherwise} after {seconds} s")))
}
