//! What goes wrong when it is planned to.

use stripe_double::{Call, Fault};

use crate::wire::{Wire, paying, wire};

const PATH: &str = "/v1/payment_intents";

async fn create(wire: &Wire, key: &str) -> crate::wire::Reply {
    wire.post_once(key, PATH, &paying("pm_card_visa")).await
}

#[tokio::test]
async fn a_failure_before_it_acts_is_kept() {
    let wire = wire().await;
    wire.double.plan(Call::Create, Fault::FailBefore);
    let failed = create(&wire, "a").await;
    assert_eq!((failed.status, failed.error("type")), (500, "api_error"));
    assert_eq!(
        create(&wire, "a").await.header("idempotent-replayed"),
        "true"
    );
    assert!(wire.double.intents().is_empty());
    create(&wire, "b").await.ok();
}

#[tokio::test]
async fn a_failure_after_it_acted_is_kept_too() {
    let wire = wire().await;
    wire.double.plan(Call::Create, Fault::FailAfter);
    assert_eq!(create(&wire, "a").await.status, 500);
    assert_eq!(create(&wire, "a").await.status, 500);
    // What it did is to be found.
    let list = wire.get(PATH).await.ok();
    assert_eq!(list.body["data"][0]["metadata"]["order"], "7");
    assert_eq!(wire.double.movements().len(), 1);
}

#[tokio::test]
async fn a_connection_breaks_before_it_acts() {
    let wire = wire().await;
    wire.double.plan(Call::Create, Fault::DropBefore);
    assert!(
        wire.try_once("a", PATH, &paying("pm_card_visa"))
            .await
            .is_err()
    );
    assert!(wire.double.intents().is_empty());
    assert_eq!(wire.double.requests()[0].status, None);
    assert_eq!(wire.double.requests()[0].fault, Some(Fault::DropBefore));
    let held = create(&wire, "a").await.ok();
    assert_eq!(held.header("idempotent-replayed"), "");
}

#[tokio::test]
async fn a_connection_breaks_after_it_acted() {
    let wire = wire().await;
    wire.double.plan(Call::Create, Fault::DropAfter);
    assert!(
        wire.try_once("a", PATH, &paying("pm_card_visa"))
            .await
            .is_err()
    );
    assert_eq!(wire.double.intents().len(), 1);
    let held = create(&wire, "a").await.ok();
    assert_eq!(held.header("idempotent-replayed"), "true");
    assert_eq!(wire.double.movements().len(), 1);
}

#[tokio::test]
async fn an_answer_ends_in_the_middle() {
    let wire = wire().await;
    wire.double.plan(Call::Create, Fault::Malformed);
    let cut = create(&wire, "a").await;
    assert_eq!((cut.status, cut.body), (200, serde_json::Value::Null));
    create(&wire, "a").await.ok();
    assert_eq!(wire.double.intents().len(), 1);
}

#[tokio::test]
async fn the_api_is_not_available_for_a_while() {
    let wire = wire().await;
    wire.double.plan_times(Call::Any, Fault::Unavailable, 2);
    assert_eq!(create(&wire, "a").await.status, 503);
    assert_eq!(wire.get(PATH).await.status, 503);
    create(&wire, "a").await.ok();
    wire.double.plan_always(Call::Capture, Fault::Unavailable);
    let id = wire.held().await;
    for _ in 0..3 {
        assert_eq!(
            wire.post(&format!("{PATH}/{id}/capture"), &[]).await.status,
            503
        );
    }
    wire.double.clear_plan();
    wire.post(&format!("{PATH}/{id}/capture"), &[]).await.ok();
}

#[tokio::test]
async fn it_acts_twice() {
    let wire = wire().await;
    wire.double.plan(Call::Create, Fault::Twice);
    let second = create(&wire, "a").await.ok();
    assert_eq!(wire.double.intents().len(), 2);
    assert_eq!(wire.double.intents()[1]["id"], second.text("id"));
    assert_eq!(create(&wire, "a").await.ok().text("id"), second.text("id"));
    wire.double.plan(Call::Capture, Fault::Twice);
    let capture = format!("{PATH}/{}/capture", second.text("id"));
    wire.post(&capture, &[])
        .await
        .is(400, "payment_intent_unexpected_state");
    assert_eq!(
        wire.intent(second.text("id")).await.text("status"),
        "succeeded"
    );
}

#[tokio::test]
async fn a_key_may_be_said_to_be_in_use() {
    let wire = wire().await;
    wire.double.plan(Call::Create, Fault::KeyInUse);
    create(&wire, "a").await.is(409, "idempotency_key_in_use");
    create(&wire, "a").await.ok();
}

#[tokio::test]
async fn a_capture_is_refused_for_good() {
    let wire = wire().await;
    let id = wire.held().await;
    wire.double.plan(Call::Capture, Fault::RefuseCapture);
    let capture = format!("{PATH}/{id}/capture");
    wire.post_once("a", &capture, &[])
        .await
        .is(400, "charge_expired_for_capture");
    wire.post_once("b", &capture, &[])
        .await
        .is(400, "charge_expired_for_capture");
    assert_eq!(wire.intent(&id).await.text("status"), "requires_capture");
    wire.post(&format!("{PATH}/{id}/cancel"), &[]).await.ok();
}

#[tokio::test]
async fn faults_come_one_to_a_request_and_in_their_order() {
    let wire = wire().await;
    wire.double.plan(Call::Create, Fault::Unavailable);
    wire.double.plan(Call::Create, Fault::FailAfter);
    wire.double.plan(Call::Create, Fault::DropAfter);
    assert_eq!(create(&wire, "a").await.status, 503);
    assert_eq!(create(&wire, "b").await.status, 500);
    assert!(
        wire.try_once("c", PATH, &paying("pm_card_visa"))
            .await
            .is_err()
    );
    create(&wire, "d").await.ok();
}
