//! What happens by itself, when the clock is moved.

use stripe_double::MovementKind::Release;

use crate::wire::wire;

const DAY: i64 = 24 * 60 * 60;

#[tokio::test]
async fn an_authorization_runs_out_after_seven_days() {
    let wire = wire().await;
    let id = wire.held().await;
    wire.double.advance(7 * DAY - 1);
    assert_eq!(wire.intent(&id).await.text("status"), "requires_capture");
    wire.double.advance(1);
    let expired = wire.intent(&id).await;
    assert_eq!(expired.text("status"), "canceled");
    // Since 2025-03-31.basil; older versions say `automatic`.
    assert_eq!(expired.text("cancellation_reason"), "expired");
    let kinds = wire.kinds();
    assert_eq!(
        kinds[kinds.len() - 2..],
        ["charge.expired", "payment_intent.canceled"]
    );
    assert_eq!(
        wire.double.movements().last().map(|moved| moved.kind),
        Some(Release)
    );
    let capture = format!("/v1/payment_intents/{id}/capture");
    wire.post(&capture, &[])
        .await
        .is(400, "payment_intent_unexpected_state");
}

#[tokio::test]
async fn what_was_captured_does_not_run_out() {
    let wire = wire().await;
    let id = wire.taken().await;
    wire.double.advance(8 * DAY);
    assert_eq!(wire.intent(&id).await.text("status"), "succeeded");
}

#[tokio::test]
async fn one_runs_out_when_it_is_told_to() {
    let wire = wire().await;
    let (id, other) = (wire.held().await, wire.held().await);
    wire.double.expire(&id).expect("it is there");
    assert_eq!(wire.intent(&id).await.text("status"), "canceled");
    assert_eq!(wire.intent(&other).await.text("status"), "requires_capture");
}
