//! Cards that are declined, and what is told of that.

use crate::wire::{paying, wire};

#[tokio::test]
async fn each_card_is_declined_in_its_own_way() {
    let wire = wire().await;
    let cards = [
        ("pm_card_chargeDeclined", "card_declined", "generic_decline"),
        (
            "pm_card_visa_chargeDeclined",
            "card_declined",
            "generic_decline",
        ),
        (
            "pm_card_chargeDeclinedInsufficientFunds",
            "card_declined",
            "insufficient_funds",
        ),
        (
            "pm_card_visa_chargeDeclinedLostCard",
            "card_declined",
            "lost_card",
        ),
        (
            "pm_card_visa_chargeDeclinedStolenCard",
            "card_declined",
            "stolen_card",
        ),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", ""),
        ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc", ""),
        (
            "pm_card_chargeDeclinedProcessingError",
            "processing_error",
            "",
        ),
        (
            "pm_card_chargeCustomerFail",
            "card_declined",
            "generic_decline",
        ),
    ];
    for (card, code, decline_code) in cards {
        let declined = wire.pay(card).await.is(402, code);
        assert_eq!(declined.error("type"), "card_error", "{card}");
        assert_eq!(declined.error("decline_code"), decline_code, "{card}");
        assert!(!declined.error("message").is_empty(), "{card}");
        assert_eq!(
            declined.body["error"]["payment_method"]["object"],
            "payment_method"
        );
        let intent = &declined.body["error"]["payment_intent"];
        assert_eq!(intent["status"], "requires_payment_method", "{card}");
        assert_eq!(intent["last_payment_error"]["code"], code, "{card}");
        assert_eq!(
            intent["last_payment_error"]["payment_method"]["type"], "card",
            "{card}"
        );
        assert!(intent["payment_method"].is_null(), "{card}");
        assert_eq!(
            intent["latest_charge"].as_str(),
            Some(declined.error("charge")),
            "{card}"
        );
    }
    assert!(wire.double.movements().is_empty());
}

#[tokio::test]
async fn a_declined_charge_says_why() {
    let wire = wire().await;
    let declined = wire.pay("pm_card_chargeDeclinedInsufficientFunds").await;
    let charge = wire
        .get(&format!("/v1/charges/{}", declined.error("charge")))
        .await
        .ok();
    assert_eq!(charge.text("status"), "failed");
    assert_eq!(charge.body["paid"], false);
    assert_eq!(charge.text("failure_code"), "card_declined");
    assert_eq!(charge.body["outcome"]["reason"], "insufficient_funds");
    assert_eq!(
        wire.kinds(),
        [
            "payment_intent.created",
            "charge.failed",
            "payment_intent.payment_failed"
        ]
    );
}

#[tokio::test]
async fn after_a_decline_another_card_can_be_tried() {
    let wire = wire().await;
    let declined = wire.pay("pm_card_chargeDeclined").await;
    let id = declined.body["error"]["payment_intent"]["id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let confirm = format!("/v1/payment_intents/{id}/confirm");
    let paid = wire
        .post(&confirm, &[("payment_method", "pm_card_visa")])
        .await
        .ok();
    assert_eq!(paid.text("status"), "requires_capture");
    assert!(paid.body["last_payment_error"].is_null());
}

#[tokio::test]
async fn where_nobody_can_authenticate_it_is_a_decline() {
    let wire = wire().await;
    for early in ["error_on_requires_action", "off_session"] {
        let mut params = paying("pm_card_authenticationRequired").to_vec();
        params.push((early, "true"));
        let declined = wire.post("/v1/payment_intents", &params).await;
        let declined = declined.is(402, "authentication_required");
        assert_eq!(declined.error("decline_code"), "authentication_required");
        let intent = &declined.body["error"]["payment_intent"];
        assert_eq!(intent["status"], "requires_payment_method");
    }
}
