//! I5: where nothing is under way, all services agree on every ticket and order.

use super::super::report::Invariant::Agreed;
use super::super::rule::Rule;

/// Who waits, waits behind somebody: a free ticket would be locked for them at once.
pub(super) const LOCAL: &[Rule] = &[Rule::new(
    Agreed,
    "SELECT w.order_id AS key, w.ticket_id AS ticket, coalesce(t.status, 'unknown') AS status
     FROM tickets.waiting AS w LEFT JOIN tickets.tickets AS t ON t.id = w.ticket_id
     WHERE t.order_id IS NULL OR t.order_id = w.order_id",
    "order {key} waits for ticket {ticket}, which is {status} and held by nobody else",
)];

pub(super) const ACROSS: &[Rule] = &[
    // A ticket and its order, seen from the ticket.
    Rule::new(
        Agreed,
        "SELECT t.id AS key, t.version AS version, t.status AS status, t.order_id AS \"order\",
             o.version AS order_version, coalesce(o.status, 'unknown to orders') AS order_status
         FROM tickets.tickets AS t LEFT JOIN orders.orders AS o ON o.id = t.order_id AND o.ticket_id = t.id
         WHERE t.id BETWEEN :from AND :to AND CASE t.status
             WHEN 'reserved' THEN o.status IS NOT 'awaiting:payment'
             WHEN 'sold' THEN o.status IS NOT 'complete'
             ELSE 0 END
         ORDER BY t.id LIMIT :most",
        "ticket {key} is {status} for order {order}, which is {order_status}",
    ),
    // The same, seen from the order.
    Rule::new(
        Agreed,
        "SELECT o.id AS key, o.version AS version, o.status AS status, o.ticket_id AS ticket,
             t.version AS ticket_version, coalesce(t.status, 'unknown to tickets') AS ticket_status,
             t.order_id AS holder
         FROM orders.orders AS o LEFT JOIN tickets.tickets AS t ON t.id = o.ticket_id
         WHERE o.id BETWEEN :from AND :to AND CASE o.status
             WHEN 'created' THEN NOT EXISTS (
                 SELECT 1 FROM tickets.waiting AS w WHERE w.order_id = o.id AND w.ticket_id = o.ticket_id)
             WHEN 'awaiting:payment' THEN t.status IS NOT 'reserved' OR t.order_id IS NOT o.id
             WHEN 'complete' THEN t.status IS NOT 'sold' OR t.order_id IS NOT o.id
             ELSE 0 END
         ORDER BY o.id LIMIT :most",
        "order {key} is {status}, but its ticket {ticket} is {ticket_status}, with {holder} as its order",
    ),
    Rule::new(
        Agreed,
        "SELECT w.order_id AS key, w.ticket_id AS ticket, o.version AS version,
             coalesce(o.status, 'unknown to orders') AS status
         FROM tickets.waiting AS w LEFT JOIN orders.orders AS o ON o.id = w.order_id AND o.ticket_id = w.ticket_id
         WHERE w.order_id BETWEEN :from AND :to AND o.status IS NOT 'created'
         ORDER BY w.order_id LIMIT :most",
        "order {key} waits for ticket {ticket}, but it is {status}",
    ),
    // What orders knows of the tickets. The price counts while the ticket can be reserved: afterwards
    // I3 compares it with what the buyer saw.
    Rule::new(
        Agreed,
        "SELECT t.id AS key, t.version AS version, t.status AS status, t.price || ' ' || t.currency AS price_sum,
             r.version AS known_version, coalesce(r.status, 'unknown') AS known_status,
             r.price || ' ' || r.currency AS known_sum
         FROM tickets.tickets AS t LEFT JOIN orders.tickets AS r ON r.id = t.id
         WHERE t.id BETWEEN :from AND :to
             AND (r.id IS NULL OR r.version <> t.version OR r.status <> t.status OR r.seller_id <> t.user_id
                 OR t.order_id IS NULL
                     AND (r.price <> t.price OR r.currency <> t.currency OR r.starts_at IS NOT t.starts_at))
         ORDER BY t.id LIMIT :most",
        "ticket {key} is {status} for {price_sum} at version {version}; \
         orders knows it as {known_status} for {known_sum} at version {known_version}",
    ),
    Rule::new(
        Agreed,
        "SELECT r.id AS key, r.version AS version FROM orders.tickets AS r
         WHERE r.id BETWEEN :from AND :to AND NOT EXISTS (SELECT 1 FROM tickets.tickets AS t WHERE t.id = r.id)
         ORDER BY r.id LIMIT :most",
        "orders knows a ticket {key}, which tickets does not have",
    ),
    // What payments knows of the orders.
    Rule::new(
        Agreed,
        "SELECT o.id AS key, o.version AS version, o.status AS status, o.total || ' ' || o.currency AS total_sum,
             r.version AS known_version, coalesce(r.status, 'unknown') AS known_status,
             r.total || ' ' || r.currency AS known_sum
         FROM orders.orders AS o LEFT JOIN payments.orders AS r ON r.id = o.id
         WHERE o.id BETWEEN :from AND :to
             AND (r.id IS NULL OR r.version <> o.version OR r.status <> o.status OR r.user_id <> o.user_id
                 OR r.expires_at <> o.expires_at OR r.total <> o.total OR r.currency <> o.currency)
         ORDER BY o.id LIMIT :most",
        "order {key} is {status} for {total_sum} at version {version}; \
         payments knows it as {known_status} for {known_sum} at version {known_version}",
    ),
    Rule::new(
        Agreed,
        "SELECT r.id AS key, r.version AS version FROM payments.orders AS r
         WHERE r.id BETWEEN :from AND :to AND NOT EXISTS (SELECT 1 FROM orders.orders AS o WHERE o.id = r.id)
         ORDER BY r.id LIMIT :most",
        "payments knows an order {key}, which orders does not have",
    ),
    // The deadlines. A told one whose order is unpaid still has its event on the way.
    Rule::new(
        Agreed,
        "SELECT o.id AS key, o.version AS version, o.status AS status, o.expires_at AS expires_at,
             coalesce(d.state, 'missing') AS state, d.version AS known_version, d.expires_at AS known_at
         FROM orders.orders AS o LEFT JOIN expiration.deadlines AS d ON d.order_id = o.id
         WHERE o.id BETWEEN :from AND :to AND CASE
             WHEN o.status IN ('created', 'awaiting:payment')
                 THEN d.state IS NOT 'waiting' OR d.expires_at <> o.expires_at
             WHEN o.status IN ('complete', 'cancelled') THEN d.state IS 'waiting'
             ELSE 0 END
         ORDER BY o.id LIMIT :most",
        "order {key} is {status} until {expires_at}; its deadline at expiration is {state}, at {known_at}",
    ),
    Rule::new(
        Agreed,
        "SELECT d.order_id AS key, d.version AS version, d.state AS state FROM expiration.deadlines AS d
         WHERE d.order_id BETWEEN :from AND :to
             AND NOT EXISTS (SELECT 1 FROM orders.orders AS o WHERE o.id = d.order_id)
         ORDER BY d.order_id LIMIT :most",
        "expiration knows an order {key}, which orders does not have",
    ),
];
