//! Card numbers, tokens, and authentication.

use stripe_double::Outcome;

use crate::wire::{paying, wire};

const CARD: [(&str, &str); 4] = [
    ("card[number]", "4242 4242 4242 4242"),
    ("card[exp_month]", "12"),
    ("card[exp_year]", "2034"),
    ("card[cvc]", "123"),
];

#[tokio::test]
async fn a_card_number_becomes_a_payment_method_and_is_gone() {
    let wire = wire().await;
    let mut params = CARD.to_vec();
    params.push(("type", "card"));
    let method = wire.post("/v1/payment_methods", &params).await.ok();
    assert_eq!(
        (&method.body["card"]["last4"], &method.body["card"]["brand"]),
        (&"4242".into(), &"visa".into())
    );
    let paid = wire.pay(method.text("id")).await.ok();
    assert_eq!(paid.text("payment_method"), method.text("id"));
    let shown = wire
        .get(&format!("/v1/payment_methods/{}", method.text("id")))
        .await
        .ok();
    assert_eq!(shown.body["card"]["exp_year"], 2034);
    let kept = format!(
        "{:?} {:?} {:?}",
        wire.double.requests(),
        wire.double.events(),
        shown.body
    );
    assert!(
        !kept.contains("4242 4242") && !kept.contains("42424242"),
        "{kept}"
    );
    assert_eq!(
        wire.double.requests()[0].param("card[number]"),
        Some("(not recorded)")
    );
}

#[tokio::test]
async fn a_token_can_be_used_once() {
    let wire = wire().await;
    let token = wire.post("/v1/tokens", &CARD).await.ok();
    let token = token.text("id").to_owned();
    let params = [("type", "card"), ("card[token]", token.as_str())];
    wire.post("/v1/payment_methods", &params).await.ok();
    wire.post("/v1/payment_methods", &params)
        .await
        .is(400, "token_already_used");
    let shown = wire.get(&format!("/v1/tokens/{token}")).await.ok();
    assert_eq!(shown.body["used"], true);
}

#[tokio::test]
async fn what_cannot_be_a_card_is_declined_at_once() {
    let wire = wire().await;
    let wrong = [
        (0, "4242424242424241", "incorrect_number"),
        (0, "4012888888881881", "card_declined"),
        (1, "13", "invalid_expiry_month"),
        (2, "1995", "invalid_expiry_year"),
        (3, "99", "invalid_cvc"),
    ];
    for (at, value, code) in wrong {
        let mut params = CARD.to_vec();
        params[at].1 = value;
        let declined = wire.post("/v1/tokens", &params).await.is(402, code);
        assert_eq!(declined.error("type"), "card_error");
    }
}

#[tokio::test]
async fn an_authentication_ends_well() {
    let wire = wire().await;
    for card in [
        "pm_card_threeDSecure2Required",
        "pm_card_authenticationRequired",
    ] {
        let intent = wire.pay(card).await.ok();
        assert_eq!(intent.text("status"), "requires_action");
        assert_eq!(intent.body["next_action"]["type"], "use_stripe_sdk");
        assert!(intent.body["latest_charge"].is_null());
        let done = wire
            .double
            .complete_action(intent.text("id"), Outcome::Succeed)
            .expect("it waits");
        assert_eq!(done["status"], "requires_capture");
        assert!(done["next_action"].is_null());
    }
    assert!(
        wire.kinds()
            .contains(&"payment_intent.requires_action".to_owned())
    );
    assert_eq!(wire.double.movements().len(), 2);
}

#[tokio::test]
async fn an_authentication_that_fails_wants_another_card() {
    let wire = wire().await;
    let intent = wire.pay("pm_card_authenticationRequired").await.ok();
    let failed = wire
        .double
        .complete_action(intent.text("id"), Outcome::Fail)
        .expect("it waits");
    assert_eq!(failed["status"], "requires_payment_method");
    assert_eq!(
        failed["last_payment_error"]["code"],
        "payment_intent_authentication_failure"
    );
    assert!(
        wire.double
            .complete_action(intent.text("id"), Outcome::Succeed)
            .is_err()
    );
    assert!(wire.double.movements().is_empty());
}

#[tokio::test]
async fn a_card_may_be_declined_after_it_was_authenticated() {
    let wire = wire().await;
    let card = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds";
    let intent = wire.pay(card).await.ok();
    let declined = wire
        .double
        .complete_action(intent.text("id"), Outcome::Succeed)
        .expect("it waits");
    assert_eq!(declined["status"], "requires_payment_method");
    assert_eq!(
        declined["last_payment_error"]["decline_code"],
        "insufficient_funds"
    );
}

#[tokio::test]
async fn a_canceled_intent_cannot_be_authenticated() {
    let wire = wire().await;
    let intent = wire.pay("pm_card_authenticationRequired").await.ok();
    let id = intent.text("id");
    wire.post(&format!("/v1/payment_intents/{id}/cancel"), &[])
        .await
        .ok();
    let params = [
        ("client_secret", intent.text("client_secret")),
        ("outcome", "succeed"),
    ];
    let refused = wire
        .as_page("POST", &format!("/double/actions/{id}"), &params)
        .await;
    refused.is(400, "payment_intent_unexpected_state");
    assert!(wire.double.movements().is_empty());
}

#[tokio::test]
async fn a_return_url_leads_to_a_page() {
    let wire = wire().await;
    let mut params = paying("pm_card_authenticationRequired").to_vec();
    params.push(("return_url", "https://shop.example/back"));
    let intent = wire.post("/v1/payment_intents", &params).await.ok();
    let action = &intent.body["next_action"];
    assert_eq!(action["type"], "redirect_to_url");
    let url = action["redirect_to_url"]["url"]
        .as_str()
        .unwrap_or_default();
    assert!(
        url.starts_with(&format!(
            "{}/double/action.html?intent=pi_",
            wire.double.base_url()
        )),
        "{url}"
    );
}
