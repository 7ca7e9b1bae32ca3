//! A key is acted upon once.

use stripe_double::{Call, Fault};

use crate::wire::{paying, wire};

const PATH: &str = "/v1/payment_intents";

#[tokio::test]
async fn an_answer_is_repeated() {
    let wire = wire().await;
    let first = wire
        .post_once("a", PATH, &paying("pm_card_visa"))
        .await
        .ok();
    let again = wire
        .post_once("a", PATH, &paying("pm_card_visa"))
        .await
        .ok();
    assert_eq!(first.body, again.body);
    assert_eq!(first.header("idempotent-replayed"), "");
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(again.header("idempotency-key"), "a");
    assert_ne!(first.header("request-id"), again.header("request-id"));
    assert_eq!(first.header("request-id"), again.header("original-request"));
    assert_eq!(wire.double.intents().len(), 1);
    let replayed: Vec<bool> = wire
        .double
        .requests()
        .iter()
        .map(|request| request.replayed)
        .collect();
    assert_eq!(replayed, [false, true]);
    let created = &wire.double.events()[0];
    assert_eq!(created["request"]["idempotency_key"], "a");
}

#[tokio::test]
async fn so_is_a_decline_and_what_was_repeated_is_what_was_then() {
    let wire = wire().await;
    let first = wire
        .post_once("a", PATH, &paying("pm_card_chargeDeclined"))
        .await
        .is(402, "card_declined");
    let again = wire
        .post_once("a", PATH, &paying("pm_card_chargeDeclined"))
        .await
        .is(402, "card_declined");
    assert_eq!(first.body, again.body);
    let held = wire
        .post_once("b", PATH, &paying("pm_card_visa"))
        .await
        .ok();
    wire.post(&format!("{PATH}/{}/capture", held.text("id")), &[])
        .await
        .ok();
    let again = wire
        .post_once("b", PATH, &paying("pm_card_visa"))
        .await
        .ok();
    assert_eq!(again.text("status"), "requires_capture");
}

#[tokio::test]
async fn another_wish_with_the_same_key_is_refused() {
    let wire = wire().await;
    let held = wire
        .post_once("a", PATH, &paying("pm_card_visa"))
        .await
        .ok();
    let other = wire
        .post_once("a", PATH, &paying("pm_card_mastercard"))
        .await
        .is(400, "");
    assert_eq!(other.error("type"), "idempotency_error");
    let capture = format!("{PATH}/{}/capture", held.text("id"));
    let other = wire.post_once("a", &capture, &[]).await.is(400, "");
    assert_eq!(other.error("type"), "idempotency_error");
    // The order of the parameters does not matter.
    let mut turned = paying("pm_card_visa").to_vec();
    turned.reverse();
    assert_eq!(
        wire.post_once("a", PATH, &turned).await.ok().body,
        held.body
    );
}

#[tokio::test]
async fn what_never_began_leaves_the_key_free() {
    let wire = wire().await;
    wire.post_once("a", PATH, &[("amount", "10000")])
        .await
        .is(400, "parameter_missing");
    wire.post_once("a", PATH, &paying("pm_card_visa"))
        .await
        .ok();

    wire.double
        .plan(Call::Create, Fault::TooMany { retry_after: 2 });
    let many = wire
        .post_once("b", PATH, &paying("pm_card_visa"))
        .await
        .is(429, "rate_limit");
    assert_eq!(many.header("retry-after"), "2");
    wire.post_once("b", PATH, &paying("pm_card_visa"))
        .await
        .ok();
}

#[tokio::test]
async fn a_refusal_that_had_begun_is_kept() {
    let wire = wire().await;
    let id = wire.taken().await;
    let cancel = format!("{PATH}/{id}/cancel");
    wire.post_once("a", &cancel, &[])
        .await
        .is(400, "payment_intent_unexpected_state");
    let again = wire
        .post_once("a", &cancel, &[])
        .await
        .is(400, "payment_intent_unexpected_state");
    assert_eq!(again.header("idempotent-replayed"), "true");
}

#[tokio::test]
async fn a_twin_is_told_that_the_key_is_in_use() {
    let wire = wire().await;
    wire.double
        .plan(Call::Create, Fault::HangInside { ms: None });
    let params = paying("pm_card_visa");
    let first = wire.post_once("a", PATH, &params);
    let second = async {
        wire.double.until_hanging(1).await;
        let twin = wire.post_once("a", PATH, &params).await;
        wire.double.release();
        twin
    };
    let (first, twin) = tokio::join!(first, second);
    let twin = twin.is(409, "idempotency_key_in_use");
    assert_eq!(twin.error("type"), "idempotency_error");
    let first = first.ok();
    assert_eq!(
        wire.post_once("a", PATH, &params).await.ok().body,
        first.body
    );
    assert_eq!(wire.double.movements().len(), 1);
}

#[tokio::test]
async fn keys_are_forgotten_after_a_day_and_a_bit() {
    let wire = wire().await;
    let first = wire
        .post_once("a", PATH, &paying("pm_card_visa"))
        .await
        .ok();
    wire.double.advance(24 * 60 * 60);
    assert_eq!(
        wire.post_once("a", PATH, &paying("pm_card_visa"))
            .await
            .ok()
            .body,
        first.body
    );
    wire.double.advance(60 * 60);
    let second = wire
        .post_once("a", PATH, &paying("pm_card_visa"))
        .await
        .ok();
    assert_ne!(second.text("id"), first.text("id"));
}

#[tokio::test]
async fn a_key_has_its_length() {
    let wire = wire().await;
    let long = "k".repeat(256);
    let refused = wire
        .post_once(&long, PATH, &paying("pm_card_visa"))
        .await
        .is(400, "");
    assert_eq!(refused.error("type"), "idempotency_error");
    wire.post_once(&long[1..], PATH, &paying("pm_card_visa"))
        .await
        .ok();
}
