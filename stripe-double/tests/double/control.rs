//! The controls over HTTP, as tests in other languages use them.

use serde_json::{Value, json};

use crate::receiver::Receiver;
use crate::wire::{NOW, Wire, wire};

async fn control(wire: &Wire, method: &str, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}/double/{path}", wire.double.base_url());
    let request = reqwest::Client::new().request(method.parse().expect("a method"), url);
    let answer = request.json(&body).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.expect("JSON"))
}

async fn done(wire: &Wire, path: &str, body: Value) -> Value {
    let (status, answer) = control(wire, "POST", path, body).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

async fn seen(wire: &Wire, path: &str) -> Value {
    let (status, answer) = control(wire, "GET", path, json!({})).await;
    assert_eq!(status, 200, "{answer}");
    answer
}

#[tokio::test]
async fn faults_are_planned_and_requests_read() {
    let wire = wire().await;
    done(
        &wire,
        "faults",
        json!({ "call": "create", "fault": { "kind": "unavailable" }, "times": 2 }),
    )
    .await;
    done(
        &wire,
        "faults",
        json!({ "call": "any", "fault": { "kind": "too_many", "retry_after": 1 }, "always": true }),
    )
    .await;
    let statuses = [503, 503, 429, 429];
    for status in statuses {
        assert_eq!(wire.pay("pm_card_visa").await.status, status);
    }
    control(&wire, "DELETE", "faults", json!({})).await;
    wire.pay("pm_card_visa").await.ok();
    let requests = seen(&wire, "requests").await;
    assert_eq!(
        requests[2]["fault"],
        json!({ "kind": "too_many", "retry_after": 1 })
    );
    assert_eq!(requests[4]["call"], "create");
    control(&wire, "DELETE", "requests", json!({})).await;
    assert_eq!(seen(&wire, "requests").await, json!([]));
}

#[tokio::test]
async fn intents_are_driven_past_their_maker() {
    let wire = wire().await;
    let waiting = wire.pay("pm_card_authenticationRequired").await.ok();
    let id = waiting.text("id");
    let held = done(
        &wire,
        &format!("intents/{id}/authenticate"),
        json!({ "outcome": "succeed" }),
    )
    .await;
    assert_eq!(held["status"], "requires_capture");
    let taken = done(&wire, &format!("intents/{id}/capture"), json!({})).await;
    assert_eq!(taken["status"], "succeeded");
    let refund = done(
        &wire,
        &format!("intents/{id}/refund"),
        json!({ "amount": 100 }),
    )
    .await;
    done(
        &wire,
        &format!("refunds/{}/fail", refund["id"].as_str().unwrap_or_default()),
        json!({}),
    )
    .await;
    let dispute = done(
        &wire,
        &format!("intents/{id}/dispute"),
        json!({ "reason": "fraudulent" }),
    )
    .await;
    let dispute = dispute["id"].as_str().unwrap_or_default();
    done(
        &wire,
        &format!("disputes/{dispute}/close"),
        json!({ "outcome": "lost" }),
    )
    .await;
    for (what, count) in [
        ("intents", 1),
        ("charges", 1),
        ("refunds", 1),
        ("disputes", 1),
        ("movements", 5),
    ] {
        assert_eq!(
            seen(&wire, what).await.as_array().map(Vec::len),
            Some(count),
            "{what}"
        );
    }
    assert_eq!(seen(&wire, "movements").await[1]["kind"], "capture");
    let (status, _) = control(&wire, "POST", &format!("intents/{id}/cancel"), json!({})).await;
    assert_eq!(status, 400);
    let (status, _) = control(&wire, "POST", "nothing", json!({})).await;
    assert_eq!(status, 404);
}

#[tokio::test]
async fn the_clock_is_moved() {
    let wire = wire().await;
    let id = wire.held().await;
    assert_eq!(
        done(&wire, "clock/advance", json!({ "seconds": 604_800 })).await["now"],
        NOW + 604_800
    );
    assert_eq!(
        wire.intent(&id).await.text("cancellation_reason"),
        "expired"
    );
    assert_eq!(
        done(&wire, &format!("intents/{id}/expire"), json!({})).await["status"],
        "canceled"
    );
}

#[tokio::test]
async fn webhooks_are_held_and_released() {
    let wire = wire().await;
    let (receiver, url) = Receiver::start().await;
    let made = done(
        &wire,
        "webhooks/endpoints",
        json!({ "url": url, "events": ["*"] }),
    )
    .await;
    let endpoint = made["id"].as_str().unwrap_or_default();
    done(&wire, "webhooks/mode", json!({ "kind": "hold" })).await;
    done(&wire, "webhooks/skew", json!({ "seconds": 5 })).await;
    wire.held().await;
    let held = seen(&wire, "webhooks/held").await;
    assert_eq!(held[0]["kind"], "payment_intent.created");
    let rotated = done(
        &wire,
        &format!("webhooks/endpoints/{endpoint}/rotate"),
        json!({}),
    )
    .await;
    done(
        &wire,
        &format!("webhooks/endpoints/{endpoint}/retire"),
        json!({}),
    )
    .await;
    done(
        &wire,
        "webhooks/release",
        json!({ "order": { "these": [2] } }),
    )
    .await;
    done(&wire, "webhooks/release", json!({ "order": "reversed" })).await;
    done(&wire, "webhooks/settle", json!({})).await;
    assert_eq!(
        receiver.kinds()[1..],
        ["charge.succeeded", "payment_intent.created"]
    );
    let secret = rotated["secret"].as_str().unwrap_or_default();
    assert!(receiver.got()[0].is_signed(NOW + 5, &[secret]));
    let event = held[0]["event"].clone();
    assert_eq!(
        done(&wire, "webhooks/redeliver", json!({ "event": event })).await["deliveries"],
        1
    );
    done(&wire, "webhooks/settle", json!({})).await;
    assert_eq!(
        seen(&wire, "webhooks/sent").await.as_array().map(Vec::len),
        Some(4)
    );
}

#[tokio::test]
async fn a_page_ends_an_authentication_with_its_client_secret() {
    let wire = wire().await;
    let waiting = wire.pay("pm_card_authenticationRequired").await.ok();
    let (id, secret) = (waiting.text("id"), waiting.text("client_secret"));
    let path = format!("/double/actions/{id}");
    let finish = async |secret: &str, outcome: &str| {
        wire.as_page(
            "POST",
            &path,
            &[("client_secret", secret), ("outcome", outcome)],
        )
        .await
    };
    finish("pi_1_secret_1", "succeed")
        .await
        .is(400, "payment_intent_invalid_parameter");
    assert_eq!(
        finish(secret, "abandon").await.ok().text("status"),
        "requires_action"
    );
    let held = finish(secret, "succeed").await.ok();
    assert_eq!(held.text("status"), "requires_capture");
    assert!(held.body.get("metadata").is_none());
    finish(secret, "succeed")
        .await
        .is(400, "payment_intent_unexpected_state");
}
