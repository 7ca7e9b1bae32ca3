//! The invariants, looked for in the databases between any two steps: all is in one thread, so what is read there is the
//! state of the whole marketplace at one moment. The SQL is its own, as that of `tessera check`.

use std::path::Path;

use rusqlite::{Connection, ToSql};

/// What can never be, at no moment: a name, and what finds it.
const NEVER: [(&str, &str); 22] = [
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
        "I2: the bank has given back more than it has charged",
        "SELECT gateway_id FROM gateway.movements GROUP BY gateway_id
         HAVING sum(amount) FILTER (WHERE kind = 'refund') > coalesce(sum(amount) FILTER (WHERE kind = 'capture'), 0)",
    ),
    (
        "I2: what is to be given back is more than was charged, or is not what was decided",
        "SELECT hex(p.id) FROM payments.payments p LEFT JOIN (SELECT payment_id, sum(amount) AS amount FROM payments.refunds
          WHERE status <> 'failed' GROUP BY payment_id) r ON r.payment_id = p.id
         WHERE p.refunded <> coalesce(r.amount, 0) OR p.refunded > p.amount",
    ),
    (
        "I2: the bank has given back what nobody has decided, or twice",
        "SELECT hex(b.key) FROM gateway.refunds b LEFT JOIN payments.refunds r ON r.id = b.key AND r.amount = b.amount
          AND r.currency = b.currency AND r.status <> 'failed' WHERE r.id IS NULL
         OR (SELECT sum(amount) FROM gateway.refunds o WHERE o.gateway_id = b.gateway_id)
          <> (SELECT sum(amount) FROM gateway.movements m WHERE m.gateway_id = b.gateway_id AND m.kind = 'refund')",
    ),
    (
        "I2: a refund counts as made, and the bank has not made it",
        "SELECT hex(r.id) FROM payments.refunds r WHERE r.status = 'done'
         AND NOT EXISTS (SELECT 1 FROM gateway.refunds b WHERE b.key = r.id)",
    ),
    (
        "one reference stands for two refunds of an order",
        "SELECT hex(order_id) FROM payments.refunds WHERE reason LIKE 'under %' GROUP BY order_id, reason HAVING count(*) > 1",
    ),
    (
        "somebody whose account is gone has an order that is not paid",
        "SELECT hex(o.id) FROM orders.buyers b JOIN orders.orders o ON o.user_id = b.user_id
         WHERE b.gone AND o.status IN ('created', 'awaiting:payment')",
    ),
    (
        "a listing is for sale although all of its seller, who is gone, were withdrawn",
        "SELECT hex(t.id) FROM tickets.deleted_users d JOIN tickets.tickets t ON t.user_id = d.user_id
         WHERE d.swept_at IS NOT NULL AND t.status = 'available'",
    ),
    (
        "a session is left of an account that is gone",
        "SELECT hex(s.id) FROM auth.sessions s WHERE NOT EXISTS (SELECT 1 FROM auth.users u WHERE u.id = s.user_id)",
    ),
    (
        "an order waits for a ticket that nobody holds",
        "SELECT hex(w.order_id) FROM tickets.waiting w JOIN tickets.tickets t ON t.id = w.ticket_id WHERE t.order_id IS NULL",
    ),
    (
        "I6: an order has expired before its time",
        "SELECT hex(id) FROM orders.orders WHERE cancel_reason = 'expired' AND updated_at < expires_at",
    ),
    (
        "I6: a payment was begun after the time of its order",
        "SELECT hex(p.id) FROM payments.payments p JOIN payments.orders o ON o.id = p.order_id
         WHERE p.created_at >= o.expires_at",
    ),
    (
        "what was asked once was listed twice",
        "SELECT title FROM tickets.tickets GROUP BY title HAVING count(*) > 1",
    ),
    (
        "I4: an event was given up",
        "SELECT hex(event_id) || ': ' || error FROM (SELECT * FROM auth.inbox UNION ALL SELECT * FROM tickets.inbox
          UNION ALL SELECT * FROM orders.inbox UNION ALL SELECT * FROM expiration.inbox UNION ALL
          SELECT * FROM payments.inbox) WHERE state = 'dead'",
    ),
];

/// What cannot be once everything has arrived.
const NOT_IN_THE_END: [(&str, &str); 5] = [
    (
        "I5: somebody sells whose account is gone",
        "SELECT hex(t.id) FROM tickets.tickets t WHERE t.status IN ('available', 'reserved')
         AND NOT EXISTS (SELECT 1 FROM auth.users u WHERE u.id = t.user_id)",
    ),
    (
        "I5: the end of an account is not known everywhere, or is known and was not",
        "SELECT g.id FROM (SELECT upper(replace(payload ->> '$.subject', '-', '')) AS id FROM auth.outbox
          WHERE type = 'user:deleted') g
         WHERE NOT EXISTS (SELECT 1 FROM tickets.sellers s WHERE hex(s.user_id) = g.id AND s.gone)
            OR NOT EXISTS (SELECT 1 FROM orders.buyers b WHERE hex(b.user_id) = g.id AND b.gone)
            OR EXISTS (SELECT 1 FROM auth.users u WHERE hex(u.id) = g.id)",
    ),
    (
        "I5: a session has ended, and a service does not know",
        "SELECT hex(e.sid) FROM auth.ended_sessions e
         WHERE NOT EXISTS (SELECT 1 FROM tickets.ended_sessions t WHERE t.sid = e.sid)
            OR NOT EXISTS (SELECT 1 FROM orders.ended_sessions o WHERE o.sid = e.sid)
            OR NOT EXISTS (SELECT 1 FROM payments.ended_sessions p WHERE p.sid = e.sid)",
    ),
    (
        "a deadline was told of twice",
        "SELECT payload ->> '$.subject' FROM expiration.outbox WHERE type = 'expiration:complete' GROUP BY 1 HAVING count(*) > 1",
    ),
    (
        "an address has left auth",
        "SELECT hex(id) FROM (SELECT id, payload FROM auth.outbox UNION ALL SELECT id, payload FROM tickets.outbox
         UNION ALL SELECT id, payload FROM orders.outbox UNION ALL SELECT id, payload FROM payments.outbox)
         WHERE payload LIKE '%@%'",
    ),
];

/// What is still under way, when nothing new happens.
const UNDER_WAY: [(&str, &str); 6] = [
    (
        "refunds that have not ended",
        "SELECT count(*) FROM payments.refunds WHERE status = 'pending'",
    ),
    (
        "sellers who are gone and whose listings were not all looked at",
        "SELECT count(*) FROM tickets.deleted_users WHERE swept_at IS NULL",
    ),
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

/// What was seen at the last look, in a database of the watch's own.
const SEEN: &str = "CREATE TABLE seen (place text, id blob, version integer, PRIMARY KEY (place, id)) WITHOUT ROWID";
/// What a service knows of another one's things only ever becomes newer.
const COPIES: &str = "CREATE TEMP VIEW copies AS
    SELECT 'tickets at orders' AS place, id, version FROM orders.tickets
    UNION ALL SELECT 'orders at payments', id, version FROM payments.orders
    UNION ALL SELECT 'orders at expiration', order_id, version FROM expiration.deadlines";
const OLDER: &str = "SELECT c.place || ': ' || hex(c.id) FROM copies c JOIN seen s ON s.place = c.place AND s.id = c.id
    WHERE c.version < s.version";
const REMEMBER: &str = "INSERT OR REPLACE INTO seen SELECT place, id, version FROM copies";

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
        connection.execute(SEEN, []).map_err(text)?;
        connection.execute(COPIES, []).map_err(text)?;
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

    /// Whether anything that was known is known no more, and something older instead.
    pub fn look_at_copies(&self) -> Result<(), String> {
        if let Some(found) = self.first(OLDER)? {
            return Err(format!(
                "I5: something older was put in the place of what was known, {found}"
            ));
        }
        let mut statement = self.0.prepare_cached(REMEMBER).map_err(text)?;
        statement.execute([]).map(drop).map_err(text)
    }

    /// Whether anything is that cannot be once everything has arrived.
    pub fn look_in_the_end(&self) -> Result<(), String> {
        self.look_at_copies()?;
        for (what, sql) in NOT_IN_THE_END {
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

    /// Whether a query finds anything.
    pub fn finds(&self, sql: &str, params: &[&dyn ToSql]) -> Result<bool, String> {
        let mut statement = self.0.prepare_cached(sql).map_err(text)?;
        statement.exists(params).map_err(text)
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
