//! Events on their way.

use stripe_double::{Mode, Order, WebhookEndpoint, Webhooks};

use crate::receiver::Receiver;
use crate::wire::{NOW, Wire, wire};

const CREATED: &str = "payment_intent.created";
const HELD: &str = "payment_intent.amount_capturable_updated";

struct Scene {
    wire: Wire,
    webhooks: Webhooks,
    receiver: Receiver,
    endpoint: WebhookEndpoint,
}

/// Somebody gets the beginning and the holding of each intent.
async fn scene() -> Scene {
    let wire = wire().await;
    let (receiver, url) = Receiver::start().await;
    let webhooks = wire.double.webhooks();
    let endpoint = webhooks.add(&url, &[CREATED, HELD]).expect("an address");
    Scene {
        wire,
        webhooks,
        receiver,
        endpoint,
    }
}

#[tokio::test]
async fn they_are_delivered_signed_and_in_order() {
    let Scene {
        wire,
        webhooks,
        receiver,
        endpoint,
    } = scene().await;
    wire.held().await;
    webhooks.settled().await;
    assert_eq!(receiver.kinds(), [CREATED, HELD]);
    let got = &receiver.got()[0];
    assert!(got.is_signed(NOW, &[&endpoint.secret]), "{}", got.signature);
    assert!(!got.is_signed(NOW, &["whsec_other"]));
    assert_eq!(
        got.json()["data"]["object"]["status"],
        "requires_confirmation"
    );
    let sent = webhooks.sent();
    assert_eq!((sent[0].attempt, sent[0].status), (1, Some(200)));
}

#[tokio::test]
async fn what_is_not_taken_comes_again() {
    let Scene {
        wire,
        webhooks,
        receiver,
        ..
    } = scene().await;
    receiver.answer(&[500, 200, 302, 400]);
    wire.held().await;
    webhooks.settled().await;
    let statuses: Vec<_> = webhooks
        .sent()
        .iter()
        .filter(|sent| sent.kind == CREATED)
        .map(|sent| sent.status)
        .collect();
    assert_eq!(statuses, [Some(500), Some(302), Some(400), Some(200)]);
    assert_eq!(
        receiver.kinds().iter().filter(|kind| *kind == HELD).count(),
        1
    );
}

#[tokio::test]
async fn what_is_held_comes_late_and_says_what_was() {
    let Scene {
        wire,
        webhooks,
        receiver,
        ..
    } = scene().await;
    webhooks.mode(Mode::Hold);
    let id = wire.held().await;
    wire.post(&format!("/v1/payment_intents/{id}/cancel"), &[])
        .await
        .ok();
    webhooks.settled().await;
    assert!(receiver.got().is_empty());
    assert_eq!(webhooks.held().len(), 2);
    assert_eq!(webhooks.release(&Order::Reversed), 2);
    webhooks.settled().await;
    assert_eq!(receiver.kinds(), [HELD, CREATED]);
    assert_eq!(
        receiver.got()[0].json()["data"]["object"]["status"],
        "requires_capture"
    );
}

#[tokio::test]
async fn some_of_what_is_held_is_released() {
    let Scene {
        wire,
        webhooks,
        receiver,
        ..
    } = scene().await;
    webhooks.mode(Mode::Hold);
    wire.held().await;
    assert_eq!(webhooks.release(&Order::These(vec![1])), 1);
    webhooks.settled().await;
    assert_eq!(receiver.kinds(), [HELD]);
    assert_eq!(webhooks.held()[0].1, CREATED);
    assert_eq!(webhooks.release(&Order::AsItWas), 1);
    webhooks.settled().await;
    assert_eq!(receiver.kinds(), [HELD, CREATED]);
}

#[tokio::test]
async fn what_is_dropped_is_in_the_list_of_events_alone() {
    let Scene {
        wire,
        webhooks,
        receiver,
        ..
    } = scene().await;
    webhooks.mode(Mode::Drop);
    wire.held().await;
    webhooks.settled().await;
    assert!(receiver.got().is_empty());
    assert_eq!(wire.kinds().len(), 3);
    let event = wire.double.events()[0]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert_eq!(webhooks.redeliver(&event), 1);
    webhooks.settled().await;
    assert_eq!(receiver.kinds(), [CREATED]);
}

#[tokio::test]
async fn they_come_more_than_once_or_turned_round_or_late() {
    let Scene {
        wire,
        webhooks,
        receiver,
        ..
    } = scene().await;
    webhooks.mode(Mode::Repeat { times: 2 });
    wire.held().await;
    webhooks.settled().await;
    assert_eq!(receiver.kinds(), [CREATED, CREATED, HELD, HELD]);
    webhooks.mode(Mode::Reorder { within_ms: 50 });
    wire.held().await;
    webhooks.settled().await;
    assert_eq!(receiver.kinds()[4..], [HELD, CREATED]);
    webhooks.mode(Mode::Delay { ms: 30 });
    wire.held().await;
    webhooks.settled().await;
    assert_eq!(receiver.kinds().len(), 8);
}

#[tokio::test]
async fn secrets_are_rotated() {
    let Scene {
        wire,
        webhooks,
        receiver,
        endpoint,
    } = scene().await;
    let new = webhooks.rotate(&endpoint.id).expect("it is there");
    wire.held().await;
    webhooks.settled().await;
    assert!(receiver.got()[0].is_signed(NOW, &[&endpoint.secret, &new]));
    webhooks.retire(&endpoint.id).expect("it is there");
    wire.held().await;
    webhooks.settled().await;
    assert!(receiver.got()[2].is_signed(NOW, &[&new]));
}

#[tokio::test]
async fn the_time_in_a_signature_may_be_wrong() {
    let Scene {
        wire,
        webhooks,
        receiver,
        endpoint,
    } = scene().await;
    webhooks.skew(-301);
    wire.held().await;
    webhooks.settled().await;
    assert!(receiver.got()[0].is_signed(NOW - 301, &[&endpoint.secret]));
}

#[tokio::test]
async fn endpoints_are_made_and_removed_over_the_api() {
    let wire = wire().await;
    let (receiver, url) = Receiver::start().await;
    let params = [("url", url.as_str()), ("enabled_events[]", "*")];
    let made = wire.post("/v1/webhook_endpoints", &params).await.ok();
    assert!(made.text("secret").starts_with("whsec_"));
    let list = wire.get("/v1/webhook_endpoints").await.ok();
    assert_eq!(list.body["data"][0]["url"], url.as_str());
    assert!(list.body["data"][0].get("secret").is_none());
    let webhooks = wire.double.webhooks();
    webhooks.emit("coupon.created", serde_json::json!({ "object": "coupon" }));
    webhooks.settled().await;
    assert_eq!(receiver.kinds(), ["coupon.created"]);
    let path = format!("/v1/webhook_endpoints/{}", made.text("id"));
    let gone = wire
        .send("DELETE", &path, &[], &[])
        .await
        .expect("an answer")
        .ok();
    assert_eq!(gone.body["deleted"], true);
    wire.held().await;
    webhooks.settled().await;
    assert_eq!(receiver.got().len(), 1);
    wire.post(
        "/v1/webhook_endpoints",
        &[("url", "here"), ("enabled_events[]", "*")],
    )
    .await
    .is(400, "url_invalid");
}
