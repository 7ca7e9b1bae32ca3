//! I6: an unpaid lock is released at its deadline.

use super::super::report::Invariant::Released;
use super::super::rule::Rule;

pub(super) const ACROSS: &[Rule] = &[Rule::new(
    Released,
    "SELECT id AS key, version, status, expires_at FROM orders.orders
     WHERE id BETWEEN :from AND :to AND status IN ('created', 'awaiting:payment') AND expires_at < :overdue
     ORDER BY id LIMIT :most",
    "order {key} is still {status}, although its lock ended at {expires_at}",
)];
