//! Rows that say what cannot be: states that are none, and values that contradict each other.

use super::super::follows::SERVICES;
use super::super::report::Invariant::Rows;
use super::super::rule::Rule;

pub(super) const LOCAL: &[Rule] = &[
    Rule::new(
        Rows,
        "SELECT id AS key, status, cancel_reason AS reason, unpaid FROM orders.orders WHERE CASE status
             WHEN 'created' THEN cancel_reason IS NOT NULL OR NOT unpaid
             WHEN 'awaiting:payment' THEN cancel_reason IS NOT NULL OR NOT unpaid
             WHEN 'complete' THEN cancel_reason IS NOT NULL OR unpaid
             WHEN 'cancelled' THEN unpaid OR coalesce(cancel_reason, '') NOT IN ('expired', 'cancelled_by_buyer',
                 'payment_failed', 'ticket_changed', 'account_deleted', 'capture_failed')
             ELSE 1 END",
        "order {key} has the status '{status}' with the cancel reason '{reason}', and unpaid = {unpaid}",
    ),
    Rule::new(
        Rows,
        "SELECT id AS key, price || ' ' || currency AS price_sum, fee || ' ' || currency AS fee_sum,
             total || ' ' || currency AS total_sum
         FROM orders.orders WHERE total <> price + fee OR price < 0 OR fee < 0 OR seller_fee NOT BETWEEN 0 AND price",
        "order {key} costs {total_sum}, of which {price_sum} are the price and {fee_sum} the fee",
    ),
    Rule::new(
        Rows,
        "SELECT id AS key FROM orders.orders
         WHERE CASE WHEN json_valid(snapshot) THEN unhex(snapshot ->> '$.id', '-') IS NOT ticket_id ELSE 1 END",
        "order {key} does not hold what its buyer saw of its ticket",
    ),
    Rule::new(
        Rows,
        "SELECT id AS key, status FROM orders.tickets
         WHERE status NOT IN ('available', 'reserved', 'sold', 'withdrawn')",
        "ticket {key} has the status '{status}' at orders",
    ),
    Rule::new(
        Rows,
        "SELECT id AS key FROM orders.tickets
         WHERE CASE WHEN json_valid(snapshot) THEN unhex(snapshot ->> '$.id', '-') IS NOT id ELSE 1 END",
        "orders does not hold what ticket {key} says",
    ),
    Rule::new(
        Rows,
        "SELECT id AS key, status, order_id AS holder FROM tickets.tickets WHERE CASE
             WHEN status IN ('reserved', 'sold') THEN order_id IS NULL
             WHEN status IN ('available', 'withdrawn') THEN order_id IS NOT NULL
             ELSE 1 END",
        "ticket {key} has the status '{status}' with {holder} as its order",
    ),
    Rule::new(
        Rows,
        "SELECT id AS key, version, edit_version FROM tickets.tickets
         WHERE version < 1 OR edit_version NOT BETWEEN 1 AND version",
        "ticket {key} is of version {version}, and was last edited at version {edit_version}",
    ),
    Rule::new(
        Rows,
        "SELECT id AS key, status FROM tickets.tickets WHERE listed AND status IN ('sold', 'withdrawn')",
        "ticket {key} is {status}, and still on the lists",
    ),
    Rule::new(
        Rows,
        "SELECT order_id AS key, state FROM expiration.deadlines
         WHERE state NOT IN ('waiting', 'told', 'ended')",
        "the deadline of order {key} has the state '{state}'",
    ),
    Rule::new(
        Rows,
        "SELECT id AS key, status FROM payments.orders
         WHERE status NOT IN ('created', 'awaiting:payment', 'complete', 'cancelled')",
        "order {key} has the status '{status}' at payments",
    ),
    Rule::new(
        Rows,
        "SELECT id AS key, order_id AS \"order\", status, intent, gateway_id AS gateway FROM payments.payments WHERE NOT CASE status
             WHEN 'processing' THEN intent IS 'resolve' AND gateway_id IS NULL
             WHEN 'requires_action' THEN intent IS 'resolve' AND gateway_id IS NOT NULL
             WHEN 'authorized' THEN (intent IS NULL OR intent IN ('capture', 'void')) AND gateway_id IS NOT NULL
             WHEN 'captured' THEN intent IS NULL AND gateway_id IS NOT NULL
             WHEN 'declined' THEN intent IS NULL AND gateway_id IS NULL OR intent IS 'void' AND gateway_id IS NOT NULL
             WHEN 'refunded' THEN (intent IS NULL OR intent IS 'refund') AND gateway_id IS NOT NULL
             WHEN 'voided' THEN intent IS NULL AND gateway_id IS NOT NULL
             WHEN 'capture_failed' THEN intent IS NULL AND gateway_id IS NOT NULL
             ELSE 0 END",
        "payment {key} has the status '{status}' with the intent '{intent}' and {gateway} as the gateway's id",
    ),
    Rule::new(
        Rows,
        "SELECT id AS key, status FROM payments.refunds WHERE amount <= 0 OR NOT CASE status
             WHEN 'pending' THEN due_at IS NOT NULL WHEN 'done' THEN due_at IS NULL WHEN 'failed' THEN due_at IS NULL ELSE 0 END",
        "refund {key} has the status '{status}', and is due when that does not go together, or of nothing",
    ),
    Rule::new(
        Rows,
        "SELECT key, status FROM gateway.authorizations
         WHERE status NOT IN ('authorized', 'declined', 'captured', 'voided')",
        "payment {key} has the status '{status}' in the gateway's book",
    ),
    Rule::new(
        Rows,
        "SELECT id AS key, kind FROM gateway.movements WHERE kind NOT IN ('authorize', 'decline', 'capture', 'void', 'refund')",
        "movement {key} of the gateway's book is a '{kind}'",
    ),
    Rule::new(
        Rows,
        "SELECT s.id AS key, s.user_id AS user FROM auth.sessions AS s
         WHERE NOT EXISTS (SELECT 1 FROM auth.users AS u WHERE u.id = s.user_id)",
        "session {key} is that of user {user}, who does not exist",
    ),
];

/// The inbox of each service.
pub(super) fn of_each_service() -> Vec<Rule> {
    let rule = |(service, _)| {
        let sql = format!(
            "SELECT event_id AS key, state FROM {service}.inbox WHERE CASE state
                 WHEN 'done' THEN 0
                 WHEN 'retry' THEN retry_at IS NULL OR payload IS NULL
                 WHEN 'dead' THEN payload IS NULL
                 ELSE 1 END"
        );
        let words = format!(
            "event {{key}} has the state '{{state}}' at {service}, and cannot be tried again"
        );
        Rule::made(Rows, sql, words)
    };
    SERVICES.into_iter().map(rule).collect()
}
