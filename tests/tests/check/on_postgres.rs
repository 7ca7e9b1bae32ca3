//! The same, of a marketplace on a PostgreSQL server. Skipped where the tests have none.

mod program;
pub mod scene;

use tessera::check::Invariant::{self, Delivered, Files, OneLiveOrder, PaidOnce, Unchanged};

use scene::{Served, or_skip};

/// A kind of damage: the invariant that it breaks, the words that say so, and statements by service.
type Damage = (
    Invariant,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const DAMAGES: &[Damage] = &[
    (
        PaidOnce,
        "in the gateway's book, with 1 holds, 2 charges and 0 releases",
        &[(
            "gateway",
            "INSERT INTO movements SELECT '0198c0de-7a11-7000-8000-000000000001', gateway_id, kind, amount, currency, at
             FROM movements WHERE kind = 'capture'",
        )],
    ),
    (
        OneLiveOrder,
        "has 2 live orders",
        &[
            ("orders", "DROP INDEX orders_one_live"),
            // An old one, whose events are forgotten, and of which all services know.
            (
                "orders",
                "INSERT INTO orders SELECT '0198c0de-7a11-7000-8000-000000000001', 0, user_id, 'created', NULL, true,
                     expires_at, price, fee, total, currency, ticket_id, snapshot, created_at - interval '8 days', updated_at, 0
                 FROM orders WHERE id = {complete}",
            ),
            ("tickets", "INSERT INTO waiting VALUES ('0198c0de-7a11-7000-8000-000000000001', {sold}, 1)"),
            (
                "payments",
                "INSERT INTO orders SELECT '0198c0de-7a11-7000-8000-000000000001', 0, user_id, 'created', expires_at,
                     total, currency, 0, seller_id, title, price, seller_fee
                 FROM orders WHERE id = {complete}",
            ),
            (
                "expiration",
                "INSERT INTO deadlines SELECT '0198c0de-7a11-7000-8000-000000000001', 0, 'waiting', expires_at, changed_at
                 FROM deadlines WHERE order_id = {complete}",
            ),
        ],
    ),
    (
        Unchanged,
        "the title of ticket",
        &[("tickets", "UPDATE tickets SET title = 'Faust' WHERE id = {sold}")],
    ),
    (
        Delivered,
        "of its changes have an event",
        &[(
            "orders",
            "DELETE FROM outbox WHERE id = (SELECT id FROM outbox WHERE type = 'order:updated' ORDER BY id LIMIT 1)",
        )],
    ),
    (
        OneLiveOrder,
        "database orders: orders_one_live is missing",
        &[("orders", "DROP INDEX orders_one_live")],
    ),
    (
        PaidOnce,
        "database payments: payments_one_live is not as it was made",
        &[
            ("payments", "DROP INDEX payments_one_live"),
            (
                "payments",
                "CREATE UNIQUE INDEX payments_one_live ON payments (order_id) WHERE status = 'captured'",
            ),
        ],
    ),
    (
        Files,
        "database auth: users_one_per_email is missing",
        &[("auth", "DROP INDEX users_one_per_email")],
    ),
    (
        Files,
        "database tickets: waiting is missing",
        &[("tickets", "DROP TABLE waiting")],
    ),
];

#[tokio::test]
async fn each_kind_of_damage_breaks_its_invariant_and_no_other() {
    let mut wrong = Vec::new();
    for (invariant, words, statements) in DAMAGES {
        let scene = or_skip!(Served::play().await);
        for (service, sql) in *statements {
            scene.damage(service, sql).await;
        }
        let (broken, report) = scene.broken().await;
        let told = report.violations(*invariant);
        let is_told = told.iter().any(|told| told.contains(words));
        if broken != [*invariant] || !is_told {
            wrong.push(format!("{words}: {broken:?}, not {invariant:?}\n{report}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test]
async fn a_marketplace_with_orders_in_every_state_is_sound() {
    let scene = or_skip!(Served::play().await);
    let report = scene.check().await;
    assert!(report.is_sound(), "{report}");
    let under_way = Invariant::ALL.map(|invariant| report.under_way(invariant));
    assert_eq!(under_way, [0; 9], "{report}");
}

#[tokio::test]
async fn looking_changes_nothing() {
    let scene = or_skip!(Served::play().await);
    let before = scene.contents().await;
    assert_eq!(before.len(), 6);
    scene.check().await;
    assert_eq!(before, scene.contents().await);
}

#[tokio::test]
async fn what_is_on_its_way_is_not_broken() {
    let scene = or_skip!(Served::open().await);
    let market = &scene.scene.market;
    let ticket = market.list().await;
    let reserved = market.reserve(&market.app.sign_in(), &ticket).await;
    assert_eq!(reserved.status, 201, "{}", reserved.body);
    let report = scene.check().await;
    assert!(report.is_sound(), "{report}");
    assert!(report.under_way(Invariant::Agreed) > 0, "{report}");
    let shown = report.to_string();
    let waits = "Under way: 1 events to be published.";
    assert!(shown.contains(waits), "{shown}");
}
