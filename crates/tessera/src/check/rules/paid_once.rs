//! I2: captured and complete go together, once each, for the order's total. The gateway's own book
//! is compared too: otherwise nobody would see that it charged twice.

use super::super::report::Invariant::PaidOnce;
use super::super::rule::Rule;

pub(super) const LOCAL: &[Rule] = &[
    Rule::new(
        PaidOnce,
        "SELECT order_id AS key, count(*) AS payments, min(id) AS first, max(id) AS last
         FROM payments.payments NOT INDEXED
         WHERE status IN ('processing', 'requires_action', 'authorized', 'captured')
         GROUP BY order_id HAVING count(*) > 1",
        "order {key} has {payments} payments under way or done, {first} and {last} among them",
    ),
    Rule::new(
        PaidOnce,
        "SELECT a.key AS key, a.status AS status,
             count(*) FILTER (WHERE m.kind = 'authorize') AS holds,
             count(*) FILTER (WHERE m.kind = 'capture') AS captures,
             count(*) FILTER (WHERE m.kind = 'void') AS releases
         FROM gateway.authorizations AS a LEFT JOIN gateway.movements AS m ON m.gateway_id = a.gateway_id
         GROUP BY a.key
         HAVING holds <> (a.status <> 'declined') OR captures <> (a.status = 'captured')
             OR releases <> (a.status = 'voided')",
        "payment {key} is {status} in the gateway's book, with {holds} holds, {captures} charges and {releases} releases",
    ),
    Rule::new(
        PaidOnce,
        "SELECT m.id AS key, m.kind AS kind, a.key AS payment,
             m.amount || ' ' || m.currency AS moved_sum, a.amount || ' ' || a.currency AS asked_sum
         FROM gateway.movements AS m LEFT JOIN gateway.authorizations AS a ON a.gateway_id = m.gateway_id
         WHERE a.key IS NULL OR m.currency <> a.currency
             OR CASE m.kind WHEN 'refund' THEN m.amount > a.amount ELSE m.amount <> a.amount END",
        "movement {key} of the gateway's book ({kind}) is of {moved_sum}; payment {payment} is of {asked_sum}",
    ),
];

pub(super) const ACROSS: &[Rule] = &[
    Rule::new(
        PaidOnce,
        "SELECT a.key AS key, a.status AS status, a.amount || ' ' || a.currency AS booked_sum
         FROM gateway.authorizations AS a
         WHERE a.key BETWEEN :from AND :to
             AND NOT EXISTS (SELECT 1 FROM payments.payments AS p WHERE p.id = a.key)
         ORDER BY a.key LIMIT :most",
        "the gateway's book has a payment {key} of {booked_sum} ({status}), which payments does not know",
    ),
    Rule::new(
        PaidOnce,
        "SELECT p.id AS key, p.version AS version, p.order_id AS \"order\", p.status AS status, p.intent AS intent,
             coalesce(a.status, 'missing') AS booked
         FROM payments.payments AS p LEFT JOIN gateway.authorizations AS a ON a.key = p.id
         WHERE p.id BETWEEN :from AND :to AND (p.gateway_id IS NULL OR substr(p.gateway_id, 1, 5) = 'test_') AND NOT CASE
             WHEN p.status = 'processing' THEN coalesce(a.status, 'missing') IN ('missing', 'authorized', 'declined')
             WHEN p.status = 'authorized' AND p.intent IS NULL THEN a.status IS 'authorized'
             WHEN p.status = 'authorized' AND p.intent = 'void'
                 THEN coalesce(a.status, 'missing') IN ('authorized', 'voided')
             WHEN p.status = 'authorized' AND p.intent = 'capture'
                 THEN coalesce(a.status, 'missing') IN ('authorized', 'captured', 'voided')
             WHEN p.status IN ('captured', 'refunded') THEN a.status IS 'captured'
             WHEN p.status = 'voided' THEN a.status IS 'voided'
             WHEN p.status = 'declined' THEN coalesce(a.status, 'missing') IN ('missing', 'declined')
             WHEN p.status = 'capture_failed' THEN a.status IS NOT 'captured'
             ELSE 1 END
         ORDER BY p.id LIMIT :most",
        "payment {key} of order {order} is {status}, and {booked} in the gateway's book",
    ),
    Rule::new(
        PaidOnce,
        "SELECT p.id AS key, p.version AS version, p.gateway_id AS gateway, a.gateway_id AS booked,
             p.amount || ' ' || p.currency AS paid_sum, a.amount || ' ' || a.currency AS booked_sum
         FROM payments.payments AS p JOIN gateway.authorizations AS a ON a.key = p.id
         WHERE p.id BETWEEN :from AND :to
             AND (a.amount <> p.amount OR a.currency <> p.currency OR a.gateway_id <> p.gateway_id)
         ORDER BY p.id LIMIT :most",
        "payment {key} is of {paid_sum} ({gateway}), and in the gateway's book of {booked_sum} ({booked})",
    ),
    Rule::new(
        PaidOnce,
        "SELECT p.id AS key, p.version AS version, p.order_id AS \"order\", p.status AS status, o.version AS order_version,
             coalesce(o.status, 'unknown to orders') AS order_status
         FROM payments.payments AS p LEFT JOIN orders.orders AS o ON o.id = p.order_id
         WHERE p.id BETWEEN :from AND :to
             AND (o.id IS NULL OR (p.status = 'captured' OR p.intent = 'capture') AND o.status <> 'complete')
         ORDER BY p.id LIMIT :most",
        "payment {key} is {status}, to be charged or charged, but its order {order} is {order_status}",
    ),
    Rule::new(
        PaidOnce,
        "SELECT p.id AS key, p.version AS version, p.order_id AS \"order\", o.version AS order_version,
             o.status AS order_status
         FROM payments.payments AS p JOIN orders.orders AS o ON o.id = p.order_id
         WHERE p.id BETWEEN :from AND :to AND p.status = 'authorized' AND p.intent IS NULL
         ORDER BY p.id LIMIT :most",
        "payment {key} holds money that nothing will charge or release: its order {order} is {order_status}",
    ),
    Rule::new(
        PaidOnce,
        "SELECT p.id AS key, p.order_id AS \"order\", p.version AS version, o.version AS order_version,
             p.amount || ' ' || p.currency AS paid_sum, o.total || ' ' || o.currency AS total_sum
         FROM payments.payments AS p JOIN orders.orders AS o ON o.id = p.order_id
         WHERE p.id BETWEEN :from AND :to AND (p.amount <> o.total OR p.currency <> o.currency)
         ORDER BY p.id LIMIT :most",
        "payment {key} is of {paid_sum}, but its order {order} costs {total_sum}",
    ),
    Rule::new(
        PaidOnce,
        "SELECT o.id AS key, o.version AS version FROM orders.orders AS o
         WHERE o.id BETWEEN :from AND :to AND o.status = 'complete' AND NOT EXISTS (
             SELECT 1 FROM payments.payments AS p WHERE p.order_id = o.id
                 AND (p.status IN ('captured', 'refunded') OR p.status = 'authorized' AND p.intent IS NOT 'void'))
         ORDER BY o.id LIMIT :most",
        "order {key} is complete, but no payment of it is charged or to be charged",
    ),
];
