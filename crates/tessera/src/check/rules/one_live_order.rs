//! I1: a ticket has at most one live order. Looked for in the rows themselves: not in the index that
//! should have kept a second one out.

use super::super::report::Invariant::OneLiveOrder;
use super::super::rule::Rule;

pub(super) const LOCAL: &[Rule] = &[Rule::new(
    OneLiveOrder,
    "SELECT ticket_id AS key, count(*) AS orders, min(id) AS first, max(id) AS last
     FROM orders.orders NOT INDEXED WHERE status <> 'cancelled' GROUP BY ticket_id HAVING count(*) > 1",
    "ticket {key} has {orders} live orders, {first} and {last} among them",
)];
