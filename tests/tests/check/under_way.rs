//! What is on its way is not broken, however long it takes.

use jiff::SignedDuration;
use tessera::check::Invariant::{Agreed, Delivered, PaidOnce};
use tessera_platform::bus::nats::NatsSettings;
use tessera_platform::config::Settings;
use tessera_platform::testing::{TestUser, forbid};

use super::Scene;
use super::scene::broken;

struct Sale {
    scene: Scene,
    buyer: TestUser,
    order: String,
}

/// A reservation of which nobody but orders has heard.
async fn reserved() -> Sale {
    let scene = Scene::open().await;
    let ticket = scene.market.list().await;
    let buyer = scene.market.app.sign_in();
    let order = scene.market.reserve(&buyer, &ticket).await.text("id");
    Sale {
        scene,
        buyer,
        order,
    }
}

/// A payment of which nobody but payments has heard.
async fn authorized() -> Sale {
    let Sale {
        scene,
        buyer,
        order,
    } = reserved().await;
    scene.market.app.settle().await;
    let paid = scene.market.pay(&buyer, &order, "tok_visa").await;
    assert_eq!(paid.status, 201, "{}", paid.body);
    Sale {
        scene,
        buyer,
        order,
    }
}

#[tokio::test]
async fn an_order_that_nobody_has_heard_of_yet() {
    let sale = reserved().await;
    let report = sale.scene.copy().check().await;
    assert!(report.is_sound(), "{report}");
    assert!(report.under_way(Agreed) > 0, "{report}");
    let shown = report.to_string();
    assert!(
        shown.contains("Under way: 1 events to be published, until a server runs."),
        "{shown}"
    );
}

#[tokio::test]
async fn money_that_is_held_until_orders_has_heard_of_it() {
    let sale = authorized().await;
    let report = sale.scene.copy().check().await;
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.under_way(PaidOnce), 1, "{report}");
}

#[tokio::test]
async fn money_that_is_held_for_an_order_that_has_just_ended() {
    let sale = authorized().await;
    assert_eq!(
        sale.scene
            .market
            .cancel(&sale.buyer, &sale.order)
            .await
            .status,
        204
    );
    let report = sale.scene.copy().check().await;
    assert!(report.is_sound(), "{report}");
}

#[tokio::test]
async fn an_event_that_a_service_fails_to_handle_and_tries_again() {
    let sale = reserved().await;
    let app = &sale.scene.market.app;
    forbid(app.db("tickets"), "tickets", "UPDATE").await;
    app.settle().await;
    let report = sale.scene.copy().check().await;
    assert!(report.is_sound(), "{report}");
    assert!(
        report.to_string().contains("1 events to be tried again"),
        "{report}"
    );
}

#[tokio::test]
async fn what_an_event_left_undone_that_was_given_up_on_is_not_broken_besides() {
    let sale = reserved().await;
    let app = &sale.scene.market.app;
    forbid(app.db("tickets"), "tickets", "UPDATE").await;
    app.settle().await;
    let copy = sale.scene.copy();
    copy.damage(
        "tickets",
        "UPDATE inbox SET state = 'dead', retry_at = NULL WHERE state = 'retry'",
    );
    let (broken, report) = copy.broken().await;
    assert_eq!(broken, [Delivered], "{report}");
    assert!(report.under_way(Agreed) > 0, "{report}");
}

#[tokio::test]
async fn a_server_that_stopped_long_ago() {
    let sale = authorized().await;
    sale.scene
        .market
        .app
        .hand
        .advance(SignedDuration::from_hours(24 * 30));
    let report = sale.scene.copy().check().await;
    assert!(report.is_sound(), "{report}");
}

#[tokio::test]
async fn events_that_are_published_again_explain_nothing() {
    let scene = Scene::play().await;
    let copy = scene.copy();
    for service in ["orders", "tickets", "payments"] {
        copy.damage(service, "UPDATE outbox SET published_at = NULL");
    }
    assert!(copy.check().await.is_sound());
    copy.damage(
        "expiration",
        "DELETE FROM deadlines WHERE order_id = {awaiting}",
    );
    let (broken, report) = copy.broken().await;
    assert_eq!(broken, [Agreed], "{report}");
}

/// As if a stream carried the events of a marketplace: nothing connects to it.
fn over_nats(settings: &mut Settings) {
    settings.nats = Some(NatsSettings::parse("nats://127.0.0.1:4222").unwrap());
}

#[tokio::test]
async fn an_event_that_a_stream_has_and_a_follower_does_not_have_yet() {
    let scene = Scene::play().await;
    let copy = scene.copy();
    // The last event is of this order.
    copy.damage(
        "payments",
        "DELETE FROM inbox WHERE event_id = (SELECT max(event_id) FROM inbox);
         DELETE FROM orders WHERE id = {awaiting}",
    );
    let report = copy.check_with(over_nats).await;
    assert!(report.is_sound(), "{report}");
    assert_eq!(report.under_way(Agreed), 1, "{report}");
    let embedded = copy.check().await;
    assert_eq!(broken(&embedded), [Delivered, Agreed], "{embedded}");
    let hand = &scene.market.app.hand;
    hand.advance(SignedDuration::from_secs(59));
    let report = copy.check_with(over_nats).await;
    assert!(report.is_sound(), "{report}");
    hand.advance(SignedDuration::from_secs(2));
    let report = copy.check_with(over_nats).await;
    assert_eq!(broken(&report), [Delivered, Agreed], "{report}");
}
