//! Money that goes back.

use stripe_double::MovementKind::{Refund, RefundFailed};
use stripe_double::{Call, Fault};

use crate::wire::wire;

#[tokio::test]
async fn a_part_goes_back_and_then_the_rest() {
    let wire = wire().await;
    let id = wire.taken().await;
    let params = [
        ("payment_intent", id.as_str()),
        ("amount", "4000"),
        ("reason", "requested_by_customer"),
        ("metadata[seat]", "B4"),
    ];
    let refund = wire.post("/v1/refunds", &params).await.ok();
    assert_eq!(
        (refund.text("object"), refund.text("status")),
        ("refund", "succeeded")
    );
    assert_eq!(refund.body["metadata"]["seat"], "B4");
    let charge = refund.text("charge").to_owned();
    let shown = wire.get(&format!("/v1/charges/{charge}")).await.ok();
    assert_eq!(
        (&shown.body["amount_refunded"], &shown.body["refunded"]),
        (&4_000.into(), &false.into())
    );

    wire.post("/v1/refunds", &[("charge", &charge), ("amount", "6001")])
        .await
        .is(400, "amount_too_large");
    wire.post("/v1/refunds", &[("charge", &charge)]).await.ok();
    let shown = wire.get(&format!("/v1/charges/{charge}")).await.ok();
    assert_eq!(
        (&shown.body["amount_refunded"], &shown.body["refunded"]),
        (&10_000.into(), &true.into())
    );
    wire.post("/v1/refunds", &[("charge", &charge)])
        .await
        .is(400, "charge_already_refunded");

    let list = wire
        .get(&format!("/v1/refunds?payment_intent={id}"))
        .await
        .ok();
    let amounts: Vec<_> = list.body["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|refund| &refund["amount"])
        .collect();
    assert_eq!(amounts, [&6_000, &4_000]);
    wire.get(&format!("/v1/refunds/{}", refund.text("id")))
        .await
        .ok();
    let kinds = wire.kinds();
    assert_eq!(
        kinds[kinds.len() - 2..],
        ["refund.created", "charge.refunded"]
    );
}

#[tokio::test]
async fn what_was_not_taken_cannot_go_back() {
    let wire = wire().await;
    let held = wire.held().await;
    wire.post("/v1/refunds", &[("payment_intent", &held)])
        .await
        .is(400, "charge_not_refundable");
    let declined = wire.pay("pm_card_chargeDeclined").await;
    let id = declined.body["error"]["payment_intent"]["id"]
        .as_str()
        .unwrap_or_default();
    wire.post("/v1/refunds", &[("payment_intent", id)])
        .await
        .is(400, "");
    wire.post("/v1/refunds", &[])
        .await
        .is(400, "parameter_missing");
    let taken = wire.taken().await;
    let params = [("payment_intent", taken.as_str()), ("reason", "mood")];
    wire.post("/v1/refunds", &params).await.is(400, "");
    assert!(wire.double.refunds().is_empty());
}

#[tokio::test]
async fn no_more_goes_back_than_was_captured() {
    let wire = wire().await;
    let id = wire.held().await;
    let capture = format!("/v1/payment_intents/{id}/capture");
    wire.post(&capture, &[("amount_to_capture", "6000")])
        .await
        .ok();
    let params = [("payment_intent", id.as_str()), ("amount", "6001")];
    wire.post("/v1/refunds", &params)
        .await
        .is(400, "amount_too_large");
    let refund = wire
        .double
        .refund_outside(&id, None)
        .expect("it was captured");
    assert_eq!(refund["amount"], 6_000);
}

#[tokio::test]
async fn a_refund_fails_later() {
    let wire = wire().await;
    let id = wire.taken().await;
    wire.double.plan(Call::Refund, Fault::RefundFails);
    let refund = wire
        .post("/v1/refunds", &[("payment_intent", &id)])
        .await
        .ok();
    assert_eq!(refund.text("status"), "succeeded");
    wire.double.advance(60);
    let failed = wire
        .get(&format!("/v1/refunds/{}", refund.text("id")))
        .await
        .ok();
    assert_eq!(
        (failed.text("status"), failed.text("failure_reason")),
        ("failed", "expired_or_canceled_card")
    );
    let kinds: Vec<_> = wire
        .double
        .movements()
        .into_iter()
        .map(|moved| moved.kind)
        .collect();
    assert_eq!(kinds[2..], [Refund, RefundFailed]);
    assert_eq!(
        wire.kinds().last().map(String::as_str),
        Some("refund.failed")
    );
    // It can be tried anew.
    wire.post("/v1/refunds", &[("payment_intent", &id)])
        .await
        .ok();
}

#[tokio::test]
async fn cards_for_it_refund_late_or_not_at_all() {
    let wire = wire().await;
    for (card, first, then) in [
        ("pm_card_refundFail", "succeeded", "failed"),
        ("pm_card_pendingRefund", "pending", "succeeded"),
    ] {
        let held = wire.pay(card).await.ok();
        wire.double
            .capture_outside(held.text("id"))
            .expect("it is held");
        let refund = wire
            .post("/v1/refunds", &[("payment_intent", held.text("id"))])
            .await
            .ok();
        assert_eq!(refund.text("status"), first, "{card}");
        wire.double.advance(60);
        let refund = wire
            .get(&format!("/v1/refunds/{}", refund.text("id")))
            .await
            .ok();
        assert_eq!(refund.text("status"), then, "{card}");
    }
}
