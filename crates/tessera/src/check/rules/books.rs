//! Every cent is accounted for: transfers add up to zero, and the books say of each order what its payments, refunds and
//! chargebacks say. Orders that were made before there were books have no seller at payments, and are left out.

use super::super::report::Invariant::{Books, PaidOnce};
use super::super::rule::Rule;

pub(super) const LOCAL: &[Rule] = &[
    Rule::new(
        Books,
        "SELECT transfer AS key, sum(amount) || ' ' || currency AS rest_sum FROM payments.entries
         GROUP BY transfer, currency HAVING sum(amount) <> 0",
        "transfer '{key}' does not add up to zero: {rest_sum} are left",
    ),
    Rule::new(
        Books,
        "SELECT e.id AS key, e.transfer AS transfer, e.account AS account FROM payments.entries AS e
         WHERE e.account NOT IN
                 ('buyer', 'escrow', 'payable', 'frozen', 'paid_out', 'fees', 'gateway_fees', 'refunds')
             OR (e.owner IS NULL) <> (e.account IN ('escrow', 'fees', 'gateway_fees', 'refunds'))
             OR NOT EXISTS (SELECT 1 FROM payments.transfers AS t WHERE t.name = e.transfer)",
        "entry {key} of the books is of account '{account}' and transfer '{transfer}', which do not go together",
    ),
    Rule::new(
        PaidOnce,
        "SELECT o.id AS key, -b.booked || ' ' || o.currency AS booked_sum, -b.due || ' ' || o.currency AS due_sum
         FROM payments.orders AS o JOIN (
             SELECT o.id AS id,
                 (SELECT coalesce(sum(e.amount), 0) FROM payments.entries AS e
                  WHERE e.order_id = o.id AND e.account = 'buyer') AS booked,
                 (SELECT coalesce(sum(d.amount), 0) FROM payments.disputes AS d
                  WHERE d.order_id = o.id AND d.status = 'lost') +
                 (SELECT coalesce(sum(CASE
                      WHEN p.status = 'captured'
                          THEN (SELECT coalesce(sum(r.amount), 0) FROM payments.refunds AS r
                                WHERE r.payment_id = p.id AND r.status = 'done') - p.amount
                      WHEN p.status = 'refunded' AND p.intent = 'refund' THEN -p.amount
                      ELSE 0 END), 0) FROM payments.payments AS p WHERE p.order_id = o.id) AS due
             FROM payments.orders AS o WHERE o.seller_id IS NOT NULL
                 AND NOT EXISTS (SELECT 1 FROM payments.payments AS p
                     WHERE p.order_id = o.id
                         AND p.status NOT IN ('captured', 'declined', 'voided', 'capture_failed', 'refunded'))
         ) AS b ON b.id = o.id
         WHERE b.booked <> b.due",
        "the books say that {booked_sum} of order {key} are charged, but its payments say {due_sum}",
    ),
    Rule::new(
        PaidOnce,
        "SELECT o.id AS key, b.booked || ' ' || o.currency AS booked_sum, b.due || ' ' || o.currency AS due_sum
         FROM payments.orders AS o JOIN (
             SELECT o.id AS id,
                 (SELECT coalesce(sum(e.amount), 0) FROM payments.entries AS e
                  WHERE e.order_id = o.id AND e.account = 'escrow') AS booked,
                 (SELECT coalesce(sum(p.amount), 0) FROM payments.payments AS p
                  WHERE p.order_id = o.id AND p.status = 'refunded' AND p.intent = 'refund') AS due
             FROM payments.orders AS o WHERE o.seller_id IS NOT NULL
         ) AS b ON b.id = o.id
         WHERE b.booked <> b.due",
        "{booked_sum} of order {key} are nobody's, where {due_sum} should be",
    ),
    Rule::new(
        Books,
        "SELECT p.id AS key, p.refunded || ' ' || p.currency AS said_sum, r.amount || ' ' || p.currency AS noted_sum
         FROM payments.payments AS p JOIN (
             SELECT p.id AS id, (SELECT coalesce(sum(r.amount), 0) FROM payments.refunds AS r
                 WHERE r.payment_id = p.id AND r.status <> 'failed') AS amount
             FROM payments.payments AS p
         ) AS r ON r.id = p.id
         WHERE p.refunded <> r.amount OR p.refunded NOT BETWEEN 0 AND p.amount",
        "payment {key} says that {said_sum} of it were given back, and its refunds say {noted_sum}",
    ),
    Rule::new(
        Books,
        "SELECT o.id AS key, b.owed || ' ' || o.currency AS owed_sum,
             (o.price - o.seller_fee) || ' ' || o.currency AS due_sum
         FROM payments.orders AS o JOIN (
             SELECT e.order_id AS id, sum(e.amount) AS owed FROM payments.entries AS e
             WHERE e.order_id IS NOT NULL AND e.account IN ('payable', 'frozen') GROUP BY e.order_id
         ) AS b ON b.id = o.id
         WHERE EXISTS (SELECT 1 FROM payments.payments AS p
                 WHERE p.order_id = o.id AND p.status = 'captured' AND p.refunded = 0)
             AND NOT EXISTS (SELECT 1 FROM payments.disputes AS d WHERE d.order_id = o.id AND d.status = 'lost')
             AND b.owed <> o.price - o.seller_fee",
        "the seller of order {key} is owed {owed_sum} for it, where {due_sum} were agreed",
    ),
];

pub(super) const ACROSS: &[Rule] = &[
    Rule::new(
        Books,
        "SELECT p.id AS key, p.version AS version, o.version AS order_version,
             p.price || ' ' || p.currency AS known_sum, o.price || ' ' || o.currency AS price_sum,
             p.seller_fee || ' ' || p.currency AS kept_sum, o.seller_fee || ' ' || o.currency AS fee_sum
         FROM payments.orders AS p JOIN orders.orders AS o ON o.id = p.id
         WHERE p.id BETWEEN :from AND :to AND p.seller_id IS NOT NULL
             AND (p.price <> o.price OR p.seller_fee <> o.seller_fee)
         ORDER BY p.id LIMIT :most",
        "order {key} is of {price_sum} with {fee_sum} kept, and at payments of {known_sum} with {kept_sum}",
    ),
    Rule::new(
        Books,
        "SELECT p.id AS key, p.version AS version, a.refunded || ' ' || a.currency AS booked_sum,
             p.refunded || ' ' || p.currency AS decided_sum
         FROM payments.payments AS p JOIN gateway.authorizations AS a ON a.key = p.id
         WHERE p.id BETWEEN :from AND :to AND a.refunded NOT BETWEEN
             (SELECT coalesce(sum(r.amount), 0) FROM payments.refunds AS r
              WHERE r.payment_id = p.id AND r.status = 'done') AND p.refunded
         ORDER BY p.id LIMIT :most",
        "{booked_sum} of payment {key} were given back by the gateway's book, and {decided_sum} were decided",
    ),
];
