//! Each kind of damage, planted alone: exactly its invariant is broken.

use std::fs;
use std::io::{Seek, SeekFrom, Write};

use tessera::check::Invariant::{
    self, Agreed, Books, Delivered, Files, OneLiveOrder, PaidOnce, Released, Rows, Unchanged,
};

use super::Scene;

/// A kind of damage: the invariant that it breaks, what it is, and statements by service.
type Damage = (
    Invariant,
    &'static str,
    &'static [(&'static str, &'static str)],
);

/// An id that nothing has.
const NOBODY: &str = "x'0198c0de7a1170008000000000000001'";

const DAMAGES: &[Damage] = &[
    (OneLiveOrder, "the lock's index is gone", &[("orders", "DROP INDEX orders_one_live")]),
    (
        OneLiveOrder,
        "the lock's index lets more pass",
        &[(
            "orders",
            "DROP INDEX orders_one_live;
             CREATE UNIQUE INDEX orders_one_live ON orders (ticket_id) WHERE status = 'complete'",
        )],
    ),
    (
        OneLiveOrder,
        "a second live order of a ticket, of which all services know",
        &[
            (
                "orders",
                "DROP INDEX orders_one_live;
                 INSERT INTO orders SELECT {NOBODY}, 0, user_id, 'created', NULL, true, expires_at, price, fee, total,
                     currency, ticket_id, snapshot, created_at - 8 * 86400000000, updated_at, 0
                 FROM orders WHERE id = {complete}",
            ),
            ("tickets", "INSERT INTO waiting VALUES ({NOBODY}, {sold}, 1)"),
            (
                "payments",
                "INSERT INTO orders SELECT {NOBODY}, 0, user_id, 'created', expires_at, total, currency, 0, seller_id,
                     title, price, seller_fee
                 FROM orders WHERE id = {complete}",
            ),
            (
                "expiration",
                "INSERT INTO deadlines SELECT {NOBODY}, 0, 'waiting', expires_at, changed_at
                 FROM deadlines WHERE order_id = {complete}",
            ),
        ],
    ),
    (
        Books,
        "money from nowhere",
        &[("payments", "UPDATE entries SET amount = amount + 1 WHERE account = 'fees' OR account = 'payable'")],
    ),
    (
        Books,
        "an entry of no transfer",
        &[(
            "payments",
            "INSERT INTO entries SELECT {NOBODY}, 'sale/of-nothing', account, owner, NULL, 0, currency FROM entries
             WHERE account = 'payable'",
        )],
    ),
    (
        Books,
        "a seller who is owed what was not agreed",
        &[(
            "payments",
            "UPDATE entries SET amount = amount - 100 WHERE account = 'payable';
             INSERT INTO entries SELECT {NOBODY}, transfer, 'fees', NULL, order_id, 100, currency FROM entries
             WHERE account = 'payable'",
        )],
    ),
    (
        Books,
        "given back by the payment, and by no refund",
        &[("payments", "UPDATE payments SET refunded = 100 WHERE id = {captured}")],
    ),
    (
        Books,
        "given back by the gateway, and decided by nobody",
        &[("gateway", "UPDATE authorizations SET refunded = 100 WHERE key = {captured}")],
    ),
    (
        Books,
        "another price at payments than at orders",
        &[
            ("payments", "UPDATE orders SET price = price - 100, seller_fee = seller_fee - 100 WHERE id = {complete}"),
        ],
    ),
    (
        PaidOnce,
        "charged, and in no book",
        &[("payments", "DELETE FROM entries; DELETE FROM transfers")],
    ),
    (
        PaidOnce,
        "captured, though no service has the order as complete",
        &[
            (
                "orders",
                "UPDATE orders SET status = 'awaiting:payment', unpaid = true WHERE id = {complete};
                 UPDATE tickets SET status = 'reserved' WHERE id = {sold}",
            ),
            ("tickets", "UPDATE tickets SET status = 'reserved' WHERE id = {sold}"),
            ("payments", "UPDATE orders SET status = 'awaiting:payment' WHERE id = {complete}"),
            ("expiration", "UPDATE deadlines SET state = 'waiting' WHERE order_id = {complete}"),
        ],
    ),
    (
        PaidOnce,
        "complete without a payment",
        &[
            ("payments", "DELETE FROM payments WHERE id = {captured}"),
            (
                "gateway",
                "DELETE FROM movements WHERE gateway_id IN
                     (SELECT gateway_id FROM authorizations WHERE key = {captured});
                 DELETE FROM authorizations WHERE key = {captured}",
            ),
        ],
    ),
    (
        PaidOnce,
        "charged twice",
        &[(
            "gateway",
            "INSERT INTO movements SELECT {NOBODY}, gateway_id, kind, amount, currency, at
             FROM movements WHERE kind = 'capture'",
        )],
    ),
    (
        PaidOnce,
        "captured, but never charged",
        &[(
            "gateway",
            "DELETE FROM movements WHERE kind = 'capture';
             UPDATE authorizations SET status = 'authorized' WHERE key = {captured}",
        )],
    ),
    (
        PaidOnce,
        "charged, though it was to be released",
        &[(
            "gateway",
            "UPDATE movements SET kind = 'capture' WHERE kind = 'void';
             UPDATE authorizations SET status = 'captured' WHERE key = {voided}",
        )],
    ),
    (
        PaidOnce,
        "a charge that no payment knows",
        &[
            ("payments", "DELETE FROM payments WHERE id = {voided}"),
        ],
    ),
    (
        PaidOnce,
        "another amount than the order's",
        &[("payments", "UPDATE payments SET amount = amount + 1 WHERE id = {captured}")],
    ),
    (
        PaidOnce,
        "another currency than the order's",
        &[
            ("payments", "UPDATE payments SET currency = 'eur' WHERE id = {captured}"),
            (
                "gateway",
                "UPDATE movements SET currency = 'eur' WHERE gateway_id IN
                     (SELECT gateway_id FROM authorizations WHERE key = {captured});
                 UPDATE authorizations SET currency = 'eur' WHERE key = {captured}",
            ),
        ],
    ),
    (
        PaidOnce,
        "another amount charged than held",
        &[("gateway", "UPDATE movements SET amount = amount + 1 WHERE kind = 'capture'")],
    ),
    (
        PaidOnce,
        "money that is held for a cancelled order, and that nobody will release",
        &[
            ("payments", "UPDATE payments SET status = 'authorized' WHERE id = {voided}"),
            (
                "gateway",
                "DELETE FROM movements WHERE kind = 'void';
                 UPDATE authorizations SET status = 'authorized' WHERE key = {voided}",
            ),
        ],
    ),
    (
        PaidOnce,
        "about to be charged for a cancelled order",
        &[
            (
                "payments",
                "UPDATE payments SET status = 'authorized', intent = 'capture', intent_at = 0 WHERE id = {voided}",
            ),
            (
                "gateway",
                "DELETE FROM movements WHERE kind = 'void';
                 UPDATE authorizations SET status = 'authorized' WHERE key = {voided}",
            ),
        ],
    ),
    (Unchanged, "a sold ticket with another title", &[("tickets", "UPDATE tickets SET title = 'Faust' WHERE id = {sold}")]),
    (Unchanged, "a sold ticket at another price", &[("tickets", "UPDATE tickets SET price = price + 1 WHERE id = {sold}")]),
    (Unchanged, "a reserved ticket with another seat", &[("tickets", "UPDATE tickets SET seat = '7' WHERE id = {reserved}")]),
    (
        Unchanged,
        "a reserved ticket with another start",
        &[("tickets", "UPDATE tickets SET starts_at = starts_at + 1000 WHERE id = {reserved}")],
    ),
    (
        Unchanged,
        "a reserved ticket that was edited since",
        &[("tickets", "UPDATE tickets SET edit_version = version WHERE id = {reserved}")],
    ),
    (
        Delivered,
        "an event that is gone from the outbox",
        &[("orders", "DELETE FROM outbox WHERE id = (SELECT max(id) FROM outbox WHERE type = 'order:updated')")],
    ),
    (
        Delivered,
        "a capture of which no event tells",
        &[("payments", "DELETE FROM outbox WHERE type = 'payment:captured'")],
    ),
    (
        Delivered,
        "a deadline of which no event tells",
        &[("expiration", "UPDATE deadlines SET state = 'told' WHERE order_id = {cancelled}")],
    ),
    (Delivered, "a sign-up of which no event tells", &[("auth", "DELETE FROM outbox WHERE type = 'user:registered'")]),
    (Delivered, "a sign-out of which no event tells", &[("auth", "DELETE FROM outbox WHERE type = 'session:ended'")]),
    (
        Delivered,
        "an event that one of its followers never got",
        &[("payments", "DELETE FROM inbox WHERE event_id = (SELECT max(event_id) FROM inbox)")],
    ),
    (
        Delivered,
        "an event that was given up on",
        &[(
            "tickets",
            "UPDATE inbox SET state = 'dead', attempts = 12, payload = '{}', error = 'planted'
             WHERE event_id = (SELECT max(event_id) FROM inbox)",
        )],
    ),
    (
        Delivered,
        "an event that cannot be read",
        &[("tickets", "UPDATE outbox SET payload = '{' WHERE id = (SELECT max(id) FROM outbox)")],
    ),
    (
        Delivered,
        "an event under another's name",
        &[("tickets", "UPDATE outbox SET type = 'ticket:created' WHERE id = (SELECT max(id) FROM outbox)")],
    ),
    (
        Delivered,
        "a change that was told twice",
        &[(
            "orders",
            "INSERT INTO outbox SELECT {NOBODY}, type,
                 replace(payload, json_extract(payload, '$.id'), '0198c0de-7a11-7000-8000-000000000001'),
                 created_at, NULL
             FROM outbox WHERE id = (SELECT max(id) FROM outbox)",
        )],
    ),
    (Agreed, "orders asks another price than the seller", &[("orders", "UPDATE tickets SET price = 1 WHERE id = {available}")]),
    (Agreed, "orders knows an old version of a ticket", &[("orders", "UPDATE tickets SET version = 1 WHERE id = {sold}")]),
    (Agreed, "orders does not know a ticket", &[("orders", "DELETE FROM tickets WHERE id = {withdrawn}")]),
    (Agreed, "payments asks another total than orders", &[("payments", "UPDATE orders SET total = 1 WHERE id = {awaiting}")]),
    (Agreed, "payments does not know an order", &[("payments", "DELETE FROM orders WHERE id = {awaiting}")]),
    (
        Agreed,
        "payments knows an order that does not exist",
        &[("payments", "UPDATE orders SET id = {NOBODY} WHERE id = {expired}")],
    ),
    (
        Agreed,
        "a ticket that is reserved by nobody",
        &[(
            "tickets",
            "UPDATE tickets SET status = 'reserved', order_id = {NOBODY} WHERE id = {available}",
        ),
        ("orders", "UPDATE tickets SET status = 'reserved' WHERE id = {available}")],
    ),
    (
        Agreed,
        "a ticket that is for sale though it is sold",
        &[
            ("tickets", "UPDATE tickets SET status = 'available', order_id = NULL WHERE id = {sold}"),
            ("orders", "UPDATE tickets SET status = 'available' WHERE id = {sold}"),
        ],
    ),
    (Agreed, "an order that waits for a free ticket", &[("tickets", "INSERT INTO waiting VALUES ({expired}, {available}, 1)")]),
    (Agreed, "an unpaid order without a deadline", &[("expiration", "DELETE FROM deadlines WHERE order_id = {awaiting}")]),
    (
        Agreed,
        "an unpaid order with a later deadline",
        &[("expiration", "UPDATE deadlines SET expires_at = expires_at + 1000 WHERE order_id = {awaiting}")],
    ),
    (
        Agreed,
        "a deadline that waits for a complete order",
        &[("expiration", "UPDATE deadlines SET state = 'waiting' WHERE order_id = {complete}")],
    ),
    (Rows, "an order in a state that is none", &[("orders", "UPDATE orders SET status = 'paid' WHERE id = {awaiting}")]),
    (Rows, "a cancelled order without a reason", &[("orders", "UPDATE orders SET cancel_reason = NULL WHERE id = {expired}")]),
    (Rows, "an unpaid order that counts as paid", &[("orders", "UPDATE orders SET unpaid = false WHERE id = {awaiting}")]),
    (Rows, "a complete order that counts as unpaid", &[("orders", "UPDATE orders SET unpaid = true WHERE id = {complete}")]),
    (Rows, "an order that costs more than its parts", &[("orders", "UPDATE orders SET fee = 1 WHERE id = {expired}")]),
    (Rows, "an order without what its buyer saw", &[("orders", "UPDATE orders SET snapshot = '{' WHERE id = {complete}")]),
    (Rows, "a ticket in a state that is none", &[("tickets", "UPDATE tickets SET status = 'gone' WHERE id = {sold}")]),
    (Rows, "a reserved ticket without an order", &[("tickets", "UPDATE tickets SET order_id = NULL WHERE id = {reserved}")]),
    (Rows, "a payment in a state that is none", &[("payments", "UPDATE payments SET status = 'ok' WHERE id = {captured}")]),
    (
        Rows,
        "a payment that waits for nothing",
        &[("payments", "UPDATE payments SET status = 'processing' WHERE id = {captured}")],
    ),
    (Rows, "a deadline in a state that is none", &[("expiration", "UPDATE deadlines SET state = '' WHERE order_id = {awaiting}")]),
    (
        Rows,
        "an event in a state that is none",
        &[("tickets", "UPDATE inbox SET state = 'lost' WHERE event_id = (SELECT max(event_id) FROM inbox)")],
    ),
    (Files, "a table is gone", &[("auth", "DROP TABLE ended_sessions")]),
    (Files, "an index is gone", &[("auth", "DROP INDEX users_one_per_email")]),
];

#[tokio::test]
async fn each_kind_of_damage_breaks_its_invariant_and_no_other() {
    let scene = Scene::play().await;
    let mut wrong = Vec::new();
    for (invariant, what, statements) in DAMAGES {
        let copy = scene.copy();
        for (service, sql) in *statements {
            copy.damage(service, &sql.replace("{NOBODY}", NOBODY));
        }
        let (broken, report) = copy.broken().await;
        if broken != [*invariant] {
            wrong.push(format!("{what}: {broken:?}, not {invariant:?}\n{report}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test]
async fn a_violation_names_what_it_is_about() {
    let copy = Scene::play().await.copy();
    copy.damage(
        "tickets",
        "UPDATE tickets SET title = 'Faust' WHERE id = {sold}",
    );
    let report = copy.check().await;
    let (sold, complete) = (copy.id("sold"), copy.id("complete"));
    assert_eq!(
        report.violations(Unchanged),
        [format!(
            "the title of ticket {sold} is not what the buyer saw in order {complete}, which has it"
        )]
    );
    let shown = report.to_string();
    assert!(
        shown.contains(sold) && shown.ends_with("BROKEN: I3."),
        "{shown}"
    );
}

#[tokio::test]
async fn an_order_that_is_unpaid_past_its_deadline_beside_a_server_is_broken() {
    let mut copy = Scene::play().await.copy();
    let past = "expires_at = expires_at - 3600000000";
    copy.damage(
        "orders",
        &format!("UPDATE orders SET {past} WHERE id = {{awaiting}}"),
    );
    copy.damage(
        "payments",
        &format!("UPDATE orders SET {past} WHERE id = {{awaiting}}"),
    );
    copy.damage(
        "expiration",
        &format!("UPDATE deadlines SET {past} WHERE order_id = {{awaiting}}"),
    );
    let (broken, report) = copy.broken().await;
    assert_eq!(
        (broken, report.under_way(Released)),
        (vec![], 1),
        "{report}"
    );
    copy.pretend_that_a_server_runs();
    let (broken, report) = copy.broken().await;
    assert_eq!(broken, [Released], "{report}");
}

#[tokio::test]
async fn damaged_files_are_reported_as_such() {
    let scene = Scene::play().await;
    let spoil = async |from: u64, bytes: usize| {
        let copy = scene.copy();
        // Everything into the file itself.
        copy.damage("orders", "PRAGMA journal_mode = DELETE");
        let mut file = fs::File::options()
            .write(true)
            .open(copy.path().join("orders.db"))
            .unwrap();
        file.seek(SeekFrom::Start(from)).unwrap();
        file.write_all(&vec![0x5a; bytes]).unwrap();
        copy.broken().await
    };
    for (from, bytes) in [(0, 100), (4_096, 4_096), (5 * 4_096, 4_096)] {
        let (broken, report) = spoil(from, bytes).await;
        assert_eq!(broken, [Files], "{from}: {report}");
    }
}

#[tokio::test]
async fn an_index_that_disagrees_with_its_rows_is_damage() {
    let copy = Scene::play().await.copy();
    let unindexed = "PRAGMA writable_schema = ON;
        UPDATE sqlite_schema SET rootpage = (SELECT rootpage FROM sqlite_schema WHERE name = 'orders_of_user')
        WHERE name = 'orders_one_live'";
    copy.damage("orders", unindexed);
    let (broken, report) = copy.broken().await;
    assert_eq!(broken, [Files], "{report}");
}

#[tokio::test]
async fn an_event_that_is_lost_before_anybody_heard_of_it_leaves_the_services_at_odds() {
    let mut scene = Scene::open().await;
    let ticket = scene.market.list().await;
    let buyer = scene.market.app.sign_in();
    let order = scene.market.reserve(&buyer, &ticket).await.text("id");
    scene.name("order", order);
    let copy = scene.copy();
    copy.damage("orders", "DELETE FROM outbox WHERE published_at IS NULL");
    let (broken, report) = copy.broken().await;
    assert_eq!(broken, [Delivered, Agreed], "{report}");
}
