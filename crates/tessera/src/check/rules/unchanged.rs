//! I3: what is held or sold reads as its buyer saw it.

use super::super::report::Invariant::Unchanged;
use super::super::rule::Rule;

/// The order's copy of the ticket is fixed when reserving; the start is there as RFC 3339 text with
/// three digits of a second.
pub(super) const ACROSS: &[Rule] = &[Rule::new(
    Unchanged,
    "SELECT t.id AS key, t.version AS version, o.id AS \"order\", CASE
             WHEN NOT json_valid(o.snapshot) THEN NULL
             WHEN t.title IS NOT o.snapshot ->> '$.title' THEN 'title'
             WHEN t.price <> o.price OR t.currency <> o.currency THEN 'price'
             WHEN t.user_id IS NOT unhex(o.snapshot ->> '$.userId', '-') THEN 'seller'
             WHEN t.venue IS NOT o.snapshot ->> '$.venue' THEN 'venue'
             WHEN t.city IS NOT o.snapshot ->> '$.city' THEN 'city'
             WHEN t.country IS NOT o.snapshot ->> '$.country' THEN 'country'
             WHEN t.time_zone IS NOT o.snapshot ->> '$.timeZone' THEN 'time zone'
             WHEN t.section IS NOT o.snapshot ->> '$.section' THEN 'section'
             WHEN t.seat_row IS NOT o.snapshot ->> '$.row' THEN 'row'
             WHEN t.seat IS NOT o.snapshot ->> '$.seat' THEN 'seat'
             WHEN t.starts_at / 1000 IS NOT unixepoch(o.snapshot ->> '$.startsAt') * 1000
                 + CAST(substr(o.snapshot ->> '$.startsAt', 21, 3) AS integer) THEN 'start'
             WHEN t.edit_version > o.snapshot ->> '$.version' THEN 'last edit'
         END AS differs
     FROM tickets.tickets AS t JOIN orders.orders AS o ON o.id = t.order_id
     WHERE t.id BETWEEN :from AND :to AND differs IS NOT NULL
     ORDER BY t.id LIMIT :most",
    "the {differs} of ticket {key} is not what the buyer saw in order {order}, which has it",
)];
