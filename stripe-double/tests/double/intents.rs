//! A PaymentIntent from its beginning to its end.

use stripe_double::MovementKind::{Authorize, Capture, Release};

use crate::wire::{NOW, wire};

#[tokio::test]
async fn an_amount_is_held_and_captured() {
    let wire = wire().await;
    let intent = wire.pay("pm_card_visa").await.ok();
    assert_eq!(intent.text("status"), "requires_capture");
    assert_eq!(intent.text("object"), "payment_intent");
    assert_eq!(intent.body["amount_capturable"], 10_000);
    assert_eq!(intent.body["amount_received"], 0);
    assert_eq!(intent.body["created"], NOW);
    assert_eq!(intent.body["livemode"], false);
    assert_eq!(intent.body["metadata"]["order"], "7");
    let id = intent.text("id").to_owned();
    assert!(
        id.starts_with("pi_")
            && intent
                .text("client_secret")
                .starts_with(&format!("{id}_secret_"))
    );

    let captured = wire
        .post(&format!("/v1/payment_intents/{id}/capture"), &[])
        .await
        .ok();
    assert_eq!(captured.text("status"), "succeeded");
    assert_eq!(captured.body["amount_capturable"], 0);
    assert_eq!(captured.body["amount_received"], 10_000);

    let again = wire
        .post(&format!("/v1/payment_intents/{id}/capture"), &[])
        .await;
    let again = again.is(400, "payment_intent_unexpected_state");
    assert_eq!(again.body["error"]["payment_intent"]["status"], "succeeded");

    let moved: Vec<_> = wire
        .double
        .movements()
        .into_iter()
        .map(|moved| (moved.kind, moved.amount))
        .collect();
    assert_eq!(moved, [(Authorize, 10_000), (Capture, 10_000)]);
    assert_eq!(
        wire.kinds(),
        [
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.amount_capturable_updated",
            "charge.captured",
            "payment_intent.succeeded",
        ]
    );
}

#[tokio::test]
async fn a_part_is_captured_and_the_rest_released() {
    let wire = wire().await;
    let id = wire.held().await;
    let capture = format!("/v1/payment_intents/{id}/capture");
    wire.post(&capture, &[("amount_to_capture", "10001")])
        .await
        .is(400, "amount_too_large");
    let captured = wire
        .post(&capture, &[("amount_to_capture", "6000")])
        .await
        .ok();
    assert_eq!(captured.body["amount_received"], 6_000);
    let charge = wire
        .get(&format!("/v1/charges/{}", captured.text("latest_charge")))
        .await
        .ok();
    assert_eq!(charge.body["amount_captured"], 6_000);
    // Since 2025-03-31.basil the rest is no refund.
    assert_eq!(charge.body["amount_refunded"], 0);
    assert_eq!(wire.double.refunds().len(), 0);
    let moved: Vec<_> = wire
        .double
        .movements()
        .into_iter()
        .map(|moved| (moved.kind, moved.amount))
        .collect();
    assert_eq!(
        moved,
        [(Authorize, 10_000), (Capture, 6_000), (Release, 4_000)]
    );
}

#[tokio::test]
async fn what_is_canceled_is_released_and_stays_canceled() {
    let wire = wire().await;
    let id = wire.held().await;
    let cancel = format!("/v1/payment_intents/{id}/cancel");
    wire.post(&cancel, &[("cancellation_reason", "expired")])
        .await
        .is(400, "");
    let canceled = wire
        .post(&cancel, &[("cancellation_reason", "abandoned")])
        .await
        .ok();
    assert_eq!(canceled.text("status"), "canceled");
    assert_eq!(canceled.text("cancellation_reason"), "abandoned");
    assert_eq!(canceled.body["canceled_at"], NOW);
    assert_eq!(canceled.body["amount_capturable"], 0);
    let charge = wire
        .get(&format!("/v1/charges/{}", canceled.text("latest_charge")))
        .await
        .ok();
    assert_eq!(
        (&charge.body["captured"], &charge.body["refunded"]),
        (&false.into(), &false.into())
    );

    for path in [
        &cancel,
        &format!("/v1/payment_intents/{id}/capture"),
        &format!("/v1/payment_intents/{id}/confirm"),
    ] {
        let params: &[(&str, &str)] = if path.ends_with("confirm") {
            &[("payment_method", "pm_card_visa")]
        } else {
            &[]
        };
        let refused = wire
            .post(path, params)
            .await
            .is(400, "payment_intent_unexpected_state");
        assert_eq!(
            refused.body["error"]["payment_intent"]["status"],
            "canceled"
        );
    }
    assert_eq!(
        wire.double.movements().last().map(|moved| moved.kind),
        Some(Release)
    );
    assert_eq!(
        wire.kinds().last().map(String::as_str),
        Some("payment_intent.canceled")
    );
}

#[tokio::test]
async fn what_succeeded_cannot_be_canceled() {
    let wire = wire().await;
    let id = wire.taken().await;
    let refused = wire
        .post(&format!("/v1/payment_intents/{id}/cancel"), &[])
        .await;
    let refused = refused.is(400, "payment_intent_unexpected_state");
    assert_eq!(refused.error("type"), "invalid_request_error");
    assert_eq!(refused.body["error"]["payment_intent"]["id"], id.as_str());
}

#[tokio::test]
async fn it_is_made_first_and_confirmed_later() {
    let wire = wire().await;
    let params = [
        ("amount", "500"),
        ("currency", "eur"),
        ("allowed_payment_method_types[0]", "card"),
    ];
    let intent = wire.post("/v1/payment_intents", &params).await.ok();
    assert_eq!(intent.text("status"), "requires_payment_method");
    let id = intent.text("id").to_owned();
    let confirm = format!("/v1/payment_intents/{id}/confirm");
    wire.post(&confirm, &[]).await.is(400, "parameter_missing");
    let token = [
        ("payment_method_data[type]", "card"),
        ("payment_method_data[card][token]", "tok_mastercard"),
    ];
    let paid = wire.post(&confirm, &token).await.ok();
    // Captured by itself: nothing else was asked for.
    assert_eq!(
        (paid.text("status"), paid.text("capture_method")),
        ("succeeded", "automatic_async")
    );
    wire.post(&confirm, &token)
        .await
        .is(400, "payment_intent_unexpected_state");
    let charge = wire
        .get(&format!("/v1/charges/{}", paid.text("latest_charge")))
        .await
        .ok();
    assert_eq!(
        charge.body["payment_method_details"]["card"]["brand"],
        "mastercard"
    );
    assert_eq!(
        charge.body["payment_method_details"]["card"]["last4"],
        "4444"
    );
}

#[tokio::test]
async fn one_with_a_method_waits_for_its_confirmation() {
    let wire = wire().await;
    let params = [
        ("amount", "500"),
        ("currency", "usd"),
        ("allowed_payment_method_types[]", "card"),
        ("payment_method", "pm_card_visa"),
    ];
    let intent = wire.post("/v1/payment_intents", &params).await.ok();
    assert_eq!(intent.text("status"), "requires_confirmation");
    let confirmed = wire
        .post(
            &format!("/v1/payment_intents/{}/confirm", intent.text("id")),
            &[],
        )
        .await
        .ok();
    assert_eq!(confirmed.text("status"), "succeeded");
}

#[tokio::test]
async fn metadata_can_be_changed() {
    let wire = wire().await;
    let id = wire.held().await;
    let path = format!("/v1/payment_intents/{id}");
    let changed = wire
        .post(
            &path,
            &[
                ("metadata[order]", ""),
                ("metadata[seat]", "B4"),
                ("description", "Hamlet"),
            ],
        )
        .await
        .ok();
    assert_eq!(
        changed.body["metadata"],
        serde_json::json!({ "seat": "B4" })
    );
    assert_eq!(changed.text("description"), "Hamlet");
    let cleared = wire.post(&path, &[("metadata", "")]).await.ok();
    assert_eq!(cleared.body["metadata"], serde_json::json!({}));
}

#[tokio::test]
async fn a_captured_charge_shows_its_fee() {
    let wire = wire().await;
    let id = wire.held().await;
    let path = format!("/v1/payment_intents/{id}?expand[]=latest_charge.balance_transaction");
    let held = wire.get(&path).await.ok();
    assert_eq!(held.body["latest_charge"]["object"], "charge");
    assert!(held.body["latest_charge"]["balance_transaction"].is_null());
    let capture = [("expand[]", "latest_charge.balance_transaction")];
    let taken = wire
        .post(&format!("/v1/payment_intents/{id}/capture"), &capture)
        .await
        .ok();
    let transaction = &taken.body["latest_charge"]["balance_transaction"];
    assert_eq!(transaction["fee"], 320);
    assert_eq!(transaction["net"], 9_680);
    let transaction = transaction["id"].as_str().unwrap_or_default();
    let transaction = wire
        .get(&format!("/v1/balance_transactions/{transaction}"))
        .await
        .ok();
    assert_eq!(
        (transaction.text("type"), &transaction.body["amount"]),
        ("charge", &10_000.into())
    );
    wire.get(&format!("/v1/payment_intents/{id}?expand[]=client_secret"))
        .await
        .is(400, "");
}
