//! The invariants, looked for in the databases between any two steps: all is in one thread, so what is read there is the
//! state of the whole marketplace at one moment. The SQL is its own, as that of `tessera check`.

use std::path::Path;

use rusqlite::Connection;

/// What can never be, at no moment: a name, and what finds it.
const NEVER: [(&str, &str); 10] = [
    (
        "I1: a ticket has two live orders",
        "SELECT hex(ticket_id) FROM orders.orders WHERE cancel_reason IS NULL GROUP BY ticket_id HAVING count(*) > 1",
    ),
    (
        "I2: somebody is charged for an order that is not complete",
        "SELECT hex(o.id) FROM gateway.authorizations a JOIN payments.payments p ON p.id = a.key
         JOIN orders.orders o ON o.id = p.order_id WHERE a.status = 'captured' AND o.status <> 'complete'",
    ),
    (
        "I2: an order is charged twice",
        "SELECT hex(p.order_id) FROM gateway.authorizations a JOIN payments.payments p ON p.id = a.key
         WHERE a.status = 'captured' GROUP BY p.order_id HAVING count(*) > 1",
    ),
    (
        "I2: an authorization is charged twice",
        "SELECT gateway_id FROM gateway.movements WHERE kind = 'capture' GROUP BY gateway_id HAVING count(*) > 1",
    ),
    (
        "I2: somebody is charged another amount",
        "SELECT hex(o.id) FROM gateway.authorizations a JOIN payments.payments p ON p.id = a.key
         JOIN orders.orders o ON o.id = p.order_id
         WHERE a.status = 'captured' AND (a.amount <> o.total OR a.currency <> o.currency)",
    ),
    (
        "I2: an order is complete, and nothing is held for it",
        "SELECT hex(o.id) FROM orders.orders o WHERE o.status = 'complete' AND NOT EXISTS
         (SELECT 1 FROM payments.payments p JOIN gateway.authorizations a ON a.key = p.id WHERE p.order_id = o.id
          AND (a.status IN ('authorized', 'captured') OR p.status = 'capture_failed'))",
    ),
    (
        "I2: the books do not add up to nothing",
        "SELECT transfer FROM payments.entries GROUP BY transfer, currency HAVING sum(amount) <> 0",
    ),
    (
        "I3: an order that may be paid, or is, does not hold its ticket",
        "SELECT hex(o.id) FROM orders.orders o LEFT JOIN tickets.tickets t ON t.id = o.ticket_id
         WHERE o.status IN ('awaiting:payment', 'complete') AND t.order_id IS NOT o.id",
    ),
    (
        "I3: a ticket that is held is not what its buyer saw",
        "SELECT hex(o.id) FROM orders.orders o JOIN tickets.tickets t ON t.order_id = o.id
         WHERE o.cancel_reason IS NULL AND (t.price <> o.price OR t.currency <> o.currency
          OR t.title <> o.snapshot ->> '$.title')",
    ),
    (
        "I4: an event was given up",
        "SELECT hex(event_id) || ': ' || error FROM (SELECT * FROM auth.inbox UNION ALL SELECT * FROM tickets.inbox
          UNION ALL SELECT * FROM orders.inbox UNION ALL SELECT * FROM expiration.inbox UNION ALL
          SELECT * FROM payments.inbox) WHERE state = 'dead'",
    ),
];

/// What is still under way, when nothing new happens.
const UNDER_WAY: [(&str, &str); 4] = [
    (
        "orders that have not ended",
        "SELECT count(*) FROM orders.orders WHERE status NOT IN ('complete', 'cancelled')",
    ),
    (
        "payments that have not ended",
        "SELECT count(*) FROM payments.payments WHERE intent IS NOT NULL
         OR status IN ('processing', 'requires_action', 'authorized')",
    ),
    (
        "events that are not published",
        "SELECT (SELECT count(*) FROM auth.outbox WHERE published_at IS NULL)
         + (SELECT count(*) FROM tickets.outbox WHERE published_at IS NULL)
         + (SELECT count(*) FROM orders.outbox WHERE published_at IS NULL)
         + (SELECT count(*) FROM expiration.outbox WHERE published_at IS NULL)
         + (SELECT count(*) FROM payments.outbox WHERE published_at IS NULL)",
    ),
    (
        "events that are to be handled again",
        "SELECT (SELECT count(*) FROM tickets.inbox WHERE state = 'retry')
         + (SELECT count(*) FROM orders.inbox WHERE state = 'retry')
         + (SELECT count(*) FROM expiration.inbox WHERE state = 'retry')
         + (SELECT count(*) FROM payments.inbox WHERE state = 'retry')",
    ),
];

/// Looks into all databases at once.
pub struct Watch(Connection);

impl Watch {
    /// Over these files, each with its name.
    pub fn open<'a>(files: impl Iterator<Item = (&'a str, &'a Path)>) -> Result<Watch, String> {
        let connection = Connection::open_in_memory().map_err(text)?;
        for (name, path) in files {
            let path = format!("file:{}?mode=ro", path.display());
            let attach = format!("ATTACH ?1 AS {name}");
            connection.execute(&attach, [path]).map_err(text)?;
        }
        connection.set_prepared_statement_cache_capacity(64);
        Ok(Watch(connection))
    }

    /// Whether anything is that can never be.
    pub fn look(&self) -> Result<(), String> {
        for (what, sql) in NEVER {
            if let Some(found) = self.first(sql)? {
                return Err(format!("{what}: {found}"));
            }
        }
        Ok(())
    }

    /// What is still under way.
    pub fn under_way(&self) -> Result<Option<String>, String> {
        for (what, sql) in UNDER_WAY {
            let mut statement = self.0.prepare_cached(sql).map_err(text)?;
            let count: i64 = statement.query_row([], |row| row.get(0)).map_err(text)?;
            if count > 0 {
                return Ok(Some(format!("{count} {what}")));
            }
        }
        Ok(None)
    }

    /// The first text that a query finds.
    pub fn first(&self, sql: &str) -> Result<Option<String>, String> {
        let mut statement = self.0.prepare_cached(sql).map_err(text)?;
        let mut rows = statement.query([]).map_err(text)?;
        match rows.next().map_err(text)? {
            Some(row) => row.get(0).map(Some).map_err(text),
            None => Ok(None),
        }
    }
}

fn text(error: rusqlite::Error) -> String {
    format!("the databases cannot be looked into: {error}")
}
