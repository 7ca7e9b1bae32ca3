//! 3-D Secure: the payer's bank wants to hear from them before it holds anything.

mod ended;
mod learned;

use serde_json::json;
use stripe_double::{Mode, Outcome};

use crate::till::{SECURED, TOTAL, Till};

#[tokio::test]
async fn a_payment_that_its_payer_confirms_is_captured() {
    let till = Till::open().await;
    for card in [
        SECURED,
        "tok_threeDSecure2Required",
        "pm_card_authenticationRequired",
    ] {
        let (order, ticket) = till.order().await;
        let asked = till.pay(&order, card).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        assert_eq!(asked.body["status"], "requires_action");
        till.settle().await;
        assert_eq!(till.statuses(&order).await, "requires_action");
        assert_eq!(till.moved(&order), "");
        till.authenticate(&order, Outcome::Succeed);
        let done = till.confirm(&asked.text("id")).await;
        assert_eq!(done.status, 201, "{}", done.body);
        assert_eq!(done.body["status"], "authorized");
        till.settle().await;
        assert_eq!(till.ticket_status(&ticket).await, "sold");
        assert_eq!(till.statuses(&order).await, "captured");
        assert_eq!(
            till.moved(&order),
            format!("authorize {TOTAL}, capture {TOTAL}")
        );
    }
    till.assert_sound().await;
}

#[tokio::test]
async fn its_secret_is_shown_to_its_payer_alone_and_only_as_long_as_it_is_of_use() {
    let till = Till::open().await;
    let (order, payment, secret) = till.to_be_confirmed().await;
    let path = format!("/api/payments/{payment}");
    let shown = till.get(&path, &till.buyer).await;
    assert_eq!(shown["clientSecret"], secret.as_str());
    let stranger = till.market.app.sign_in();
    for user in [&stranger, &till.market.seller] {
        let refused = till.market.app.get(&path).by(user).send().await;
        assert_eq!(refused.status, 403);
        assert!(!refused.body.to_string().contains("secret"));
        let path = format!("{path}/confirmation");
        let refused = till.post(&path, json!({}), user).await;
        assert_eq!(refused.status, 403);
    }
    till.authenticate(&order, Outcome::Succeed);
    till.confirm(&payment).await;
    let shown = till.get(&path, &till.buyer).await;
    assert_eq!(shown.get("clientSecret"), None);
    till.settle().await;
    let kept = "SELECT count(*) FROM payments WHERE client_secret IS NOT NULL";
    assert_eq!(till.count(kept).await, 0);
    for service in ["payments", "orders", "tickets"] {
        let told = till.market.app.published(service).await;
        assert!(told.iter().all(|event| !event.to_json().contains(&secret)));
    }
    till.assert_sound().await;
}

#[tokio::test]
async fn one_that_its_payer_does_not_get_through_is_declined_and_may_be_tried_again() {
    let till = Till::open().await;
    let (order, payment, _) = till.to_be_confirmed().await;
    till.authenticate(&order, Outcome::Fail);
    let refused = till.confirm(&payment).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["attemptsLeft"]),
        (402, &json!(2))
    );
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    till.settle().await;
    assert_eq!(
        till.statuses(&order).await,
        "declined(payment_intent_authentication_failure) captured"
    );
    assert_eq!(till.intent_statuses(&order), ["canceled", "succeeded"]);
    till.assert_sound().await;
}

#[tokio::test]
async fn one_that_is_confirmed_and_then_declined_says_why() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    let card = "pm_card_authenticationRequiredChargeDeclinedInsufficientFunds";
    let asked = till.pay(&order, card).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    till.authenticate(&order, Outcome::Succeed);
    let refused = till.confirm(&asked.text("id")).await;
    assert_eq!(refused.status, 402, "{}", refused.body);
    till.settle().await;
    assert_eq!(till.statuses(&order).await, "declined(insufficient_funds)");
    assert_eq!(till.intent_statuses(&order), ["canceled"]);
    assert_eq!(till.moved(&order), "");
    till.assert_sound().await;
}

#[tokio::test]
async fn one_that_is_abandoned_for_another_card_is_closed_and_uses_a_try() {
    let till = Till::open().await;
    // At once, and not when Stripe tells of it.
    till.stripe.webhooks().mode(Mode::Drop);
    let (order, _, secret) = till.to_be_confirmed().await;
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    till.settle().await;
    assert_eq!(
        till.statuses(&order).await,
        "declined(authentication_abandoned) captured"
    );
    assert_eq!(till.intent_statuses(&order), ["canceled", "succeeded"]);
    assert!(!till.confirm_past_us(&secret, "pm_card_visa").await);
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, capture {TOTAL}")
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn one_that_is_confirmed_in_the_moment_in_which_it_is_abandoned_is_released() {
    let till = Till::open().await;
    let (order, first, _) = till.to_be_confirmed().await;
    till.authenticate(&order, Outcome::Succeed);
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    let late = till.confirm(&first).await;
    assert_eq!(late.status, 402, "{}", late.body);
    till.settle().await;
    assert_eq!(till.intent_statuses(&order), ["canceled", "succeeded"]);
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, authorize {TOTAL}, release {TOTAL}, capture {TOTAL}")
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn tries_run_out_by_abandoning_too_but_not_the_last_one() {
    let till = Till::open().await;
    let (order, _, _) = till.to_be_confirmed().await;
    for _ in 0..1 {
        assert_eq!(till.pay(&order, SECURED).await.status, 202);
    }
    assert_eq!(till.pay(&order, SECURED).await.status, 202);
    let refused = till.pay(&order, "tok_visa").await;
    assert_eq!(refused.text("code"), "payment_under_way");
    till.authenticate(&order, Outcome::Succeed);
    till.pass(15).await;
    assert_eq!(till.standing(&order).await, "complete");
    assert_eq!(
        till.intent_statuses(&order),
        ["canceled", "canceled", "succeeded"]
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn the_key_of_the_first_request_gets_the_last_answer() {
    let till = Till::open().await;
    for (outcome, status) in [(Outcome::Succeed, 201), (Outcome::Fail, 402)] {
        let (order, _) = till.order().await;
        let key = format!("key-{status}");
        let asked = till.pay_under(&key, &order, SECURED).await;
        assert_eq!(asked.status, 202, "{}", asked.body);
        till.settle().await;
        let meanwhile = till.pay_under(&key, &order, SECURED).await;
        assert_ne!(meanwhile.status, 201, "{}", meanwhile.body);
        assert_eq!(till.intents(&order).len(), 1);
        till.authenticate(&order, outcome);
        let done = till.confirm(&asked.text("id")).await;
        till.settle().await;
        let again = till.pay_under(&key, &order, SECURED).await;
        assert_eq!(again.status, status, "{}", again.body);
        assert_eq!(again.body, done.body);
        assert_eq!(again.header("idempotency-replayed"), "true");
        assert_eq!(till.intents(&order).len(), 1);
    }
    till.assert_sound().await;
}
