//! All rules, by what they guard.

mod agreed;
mod books;
mod delivered;
mod one_live_order;
mod paid_once;
mod released;
mod rows;
mod unchanged;

use std::sync::LazyLock;

use super::report::Invariant;
use super::rule::Rule;

/// How many things each invariant is about.
pub(super) const COUNTS: &[(Invariant, &str)] = &[
    (Invariant::Rows, "SELECT count(*) FROM orders.orders"),
    (Invariant::Rows, "SELECT count(*) FROM orders.tickets"),
    (Invariant::Rows, "SELECT count(*) FROM tickets.tickets"),
    (Invariant::Rows, "SELECT count(*) FROM tickets.waiting"),
    (Invariant::Rows, "SELECT count(*) FROM expiration.deadlines"),
    (Invariant::Rows, "SELECT count(*) FROM payments.orders"),
    (Invariant::Rows, "SELECT count(*) FROM payments.payments"),
    (
        Invariant::Rows,
        "SELECT count(*) FROM gateway.authorizations",
    ),
    (Invariant::Rows, "SELECT count(*) FROM gateway.movements"),
    (Invariant::Rows, "SELECT count(*) FROM auth.sessions"),
    (
        Invariant::OneLiveOrder,
        "SELECT count(*) FROM orders.orders",
    ),
    (
        Invariant::PaidOnce,
        "SELECT count(*) FROM payments.payments",
    ),
    (Invariant::Books, "SELECT count(*) FROM payments.transfers"),
    (
        Invariant::Unchanged,
        "SELECT count(*) FROM tickets.tickets WHERE order_id IS NOT NULL",
    ),
    (Invariant::Agreed, "SELECT count(*) FROM tickets.tickets"),
    (
        Invariant::Released,
        "SELECT count(*) FROM orders.orders WHERE status IN ('created', 'awaiting:payment')",
    ),
];

/// Those that one database shows, the rows first.
pub(super) fn local() -> impl Iterator<Item = &'static Rule> {
    static OF_EACH_SERVICE: LazyLock<Vec<Rule>> =
        LazyLock::new(|| [rows::of_each_service(), delivered::of_each_service()].concat());
    let fixed = [
        rows::LOCAL,
        one_live_order::LOCAL,
        paid_once::LOCAL,
        books::LOCAL,
        delivered::LOCAL,
        agreed::LOCAL,
    ];
    OF_EACH_SERVICE.iter().chain(fixed.into_iter().flatten())
}

/// Those over several databases. What was charged is looked at first: see [`super::market`].
pub(super) fn across() -> impl Iterator<Item = &'static Rule> {
    static OF_EACH_SERVICE: LazyLock<Vec<Rule>> = LazyLock::new(delivered::between_services);
    let fixed = [
        paid_once::ACROSS,
        books::ACROSS,
        unchanged::ACROSS,
        agreed::ACROSS,
        released::ACROSS,
    ];
    fixed.into_iter().flatten().chain(OF_EACH_SERVICE.iter())
}
