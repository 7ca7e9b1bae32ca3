//! I4: every change is told, and every event done by each service that follows it. That none is done
//! twice is in the key of the inbox, whose shape is checked with the files.

use super::super::follows::{Lacking, SERVICES, follower_lacking};
use super::super::report::Invariant::Delivered;
use super::super::rule::Rule;

/// What happened before `:recent` may have left the outbox by now.
pub(super) const LOCAL: &[Rule] = &[
    Rule::new(
        Delivered,
        "SELECT o.id AS key, o.version AS version, o.version + 1 AS changes,
             (SELECT count(*) FROM temp.told WHERE subject = o.id AND kind = 'order') AS told
         FROM orders.orders AS o WHERE o.created_at >= :recent AND told <> o.version + 1",
        "order {key} changed {changes} times, and {told} of its changes have an event",
    ),
    Rule::new(
        Delivered,
        "SELECT t.id AS key, t.version AS version,
             (SELECT count(*) FROM temp.told WHERE subject = t.id AND kind = 'ticket') AS told
         FROM tickets.tickets AS t WHERE t.created_at >= :recent AND told <> t.version",
        "ticket {key} changed {version} times, and {told} of its changes have an event",
    ),
    Rule::new(
        Delivered,
        "SELECT p.id AS key, p.status AS status FROM payments.payments AS p
         WHERE p.updated_at >= :recent
             AND (p.status IN ('captured', 'voided', 'capture_failed')
                 OR p.status IN ('authorized', 'refunded') AND p.intent IS NULL)
             AND NOT EXISTS (SELECT 1 FROM temp.told
                 WHERE subject = p.id AND kind = 'payment' AND version = p.version)",
        "payment {key} is {status}, and no event tells of it",
    ),
    Rule::new(
        Delivered,
        "SELECT d.order_id AS key FROM expiration.deadlines AS d
         WHERE d.state = 'told' AND d.changed_at >= :recent
             AND NOT EXISTS (SELECT 1 FROM temp.told WHERE subject = d.order_id AND kind = 'deadline')",
        "the deadline of order {key} has come, and no event tells of it",
    ),
    Rule::new(
        Delivered,
        "SELECT u.id AS key FROM auth.users AS u WHERE u.created_at >= :recent
             AND NOT EXISTS (SELECT 1 FROM temp.told WHERE subject = u.id AND kind = 'user')",
        "user {key} signed up, and no event tells of it",
    ),
    Rule::new(
        Delivered,
        "SELECT s.id AS key FROM auth.sessions AS s WHERE s.ended_at >= :recent
             AND NOT EXISTS (SELECT 1 FROM temp.told WHERE subject = s.id AND kind = 'end of session')",
        "session {key} has ended, and no event tells of it",
    ),
    Rule::new(
        Delivered,
        "SELECT subject AS key, kind, version, times FROM temp.told
         WHERE times > 1 AND kind IN ('order', 'ticket', 'payment')",
        "version {version} of {kind} {key} has {times} events",
    ),
];

/// Events that a service gave up on.
pub(super) fn of_each_service() -> Vec<Rule> {
    let rule = |(service, _)| {
        let sql = format!(
            "SELECT event_id AS key, attempts, error FROM {service}.inbox WHERE state = 'dead'"
        );
        let words =
            format!("{service} gave up on event {{key}} after {{attempts}} failures: {{error}}");
        Rule::made(Delivered, sql, words)
    };
    SERVICES.into_iter().map(rule).collect()
}

/// Events that are published and must have arrived, of which a follower never heard. An inbox forgets those
/// before `:remembered`.
pub(super) fn between_services() -> Vec<Rule> {
    let lacking = follower_lacking(Lacking::Row);
    let rule = |(service, _)| {
        let sql = format!(
            "SELECT e.id AS key, e.type AS type, e.published_at AS published_at, {lacking} AS follower
             FROM {service}.outbox AS e
             WHERE e.id BETWEEN max(:from, :remembered) AND :to
                 AND e.published_at < :arrived AND follower IS NOT NULL
             ORDER BY e.id LIMIT :most"
        );
        let words = format!(
            "event {{key}} ({{type}}) of {service} was published at {{published_at}}, but {{follower}} never got it"
        );
        Rule::made(Delivered, sql, words)
    };
    SERVICES.into_iter().map(rule).collect()
}
