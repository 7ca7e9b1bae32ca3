//! Requests and answers that are late.

use std::time::Duration;

use stripe_double::{Call, Fault};

use crate::wire::{paying, wire};

const PATH: &str = "/v1/payment_intents";

/// Gives up long before the double does.
async fn impatient<T>(asked: impl Future<Output = T>, hangs: impl Future) {
    let gave_up = tokio::time::timeout(Duration::from_secs(20), async {
        tokio::select! {
            _ = asked => panic!("it did not hang"),
            _ = hangs => {}
        }
    });
    gave_up.await.expect("it hangs");
}

#[tokio::test]
async fn a_late_request_is_acted_upon_though_nobody_waits() {
    let wire = wire().await;
    wire.double
        .plan(Call::Create, Fault::HangBefore { ms: None });
    let params = paying("pm_card_visa");
    impatient(
        wire.post_once("a", PATH, &params),
        wire.double.until_hanging(1),
    )
    .await;
    assert!(wire.double.intents().is_empty());
    // Another try comes first: the key is not known yet.
    let held = wire.post_once("a", PATH, &params).await.ok();
    wire.double.release();
    until(|| wire.double.requests()[0].status.is_some()).await;
    assert!(
        wire.double.requests()[0].replayed,
        "it is told what its other try did"
    );
    assert_eq!(wire.double.intents().len(), 1);
    assert_eq!(wire.double.intents()[0]["id"], held.text("id"));
}

#[tokio::test]
async fn a_late_request_may_be_the_one_that_acts() {
    let wire = wire().await;
    wire.double
        .plan(Call::Create, Fault::HangBefore { ms: None });
    let params = paying("pm_card_visa");
    impatient(
        wire.post_once("a", PATH, &params),
        wire.double.until_hanging(1),
    )
    .await;
    wire.double.release();
    until(|| !wire.double.movements().is_empty()).await;
    let again = wire.post_once("a", PATH, &params).await.ok();
    assert_eq!(again.header("idempotent-replayed"), "true");
}

#[tokio::test]
async fn a_late_answer_was_acted_upon() {
    let wire = wire().await;
    wire.double
        .plan(Call::Create, Fault::HangAfter { ms: None });
    let params = paying("pm_card_visa");
    impatient(
        wire.post_once("a", PATH, &params),
        wire.double.until_hanging(1),
    )
    .await;
    assert_eq!(wire.double.intents().len(), 1);
    let again = wire.post_once("a", PATH, &params).await.ok();
    assert_eq!(again.header("idempotent-replayed"), "true");
    wire.double.release();
}

#[tokio::test]
async fn what_hangs_for_a_time_comes_by_itself() {
    let wire = wire().await;
    wire.double
        .plan(Call::Create, Fault::HangBefore { ms: Some(20) });
    wire.double
        .plan(Call::Create, Fault::HangAfter { ms: Some(20) });
    wire.pay("pm_card_visa").await.ok();
    wire.pay("pm_card_visa").await.ok();
    assert_eq!(wire.double.intents().len(), 2);
}

/// Looks until it is so, within a bound.
async fn until(so: impl Fn() -> bool) {
    let looks = async {
        while !so() {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), looks)
        .await
        .expect("it becomes so");
}
