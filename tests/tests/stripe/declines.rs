//! Cards that are declined, and texts that are no card: nothing is charged, and nothing stays open that could be.

use serde_json::json;
use stripe_double::{Call, Fault, Mode};

use crate::till::{TOTAL, Till};

/// What Stripe documents for tests, and what becomes of it.
const DECLINES: [(&str, &str); 11] = [
    ("tok_chargeDeclined", "generic_decline"),
    ("pm_card_visa_chargeDeclined", "generic_decline"),
    (
        "tok_visa_chargeDeclinedInsufficientFunds",
        "insufficient_funds",
    ),
    ("pm_card_visa_chargeDeclinedLostCard", "lost_card"),
    ("pm_card_visa_chargeDeclinedStolenCard", "stolen_card"),
    ("tok_chargeDeclinedExpiredCard", "expired_card"),
    ("pm_card_chargeDeclinedIncorrectCvc", "incorrect_cvc"),
    ("tok_chargeDeclinedProcessingError", "processing_error"),
    (
        "pm_card_visa_chargeDeclinedVelocityLimitExceeded",
        "card_velocity_exceeded",
    ),
    ("pm_card_radarBlock", "fraudulent"),
    ("tok_chargeCustomerFail", "generic_decline"),
];

#[tokio::test]
async fn a_decline_says_why_and_leaves_nothing_open() {
    let till = Till::open().await;
    // It is closed at once, and not when Stripe tells of it.
    till.stripe.webhooks().mode(Mode::Drop);
    for (card, code) in DECLINES {
        let (order, _) = till.order().await;
        let refused = till.pay(&order, card).await;
        assert_eq!(refused.status, 402, "{card}: {}", refused.body);
        assert_eq!(refused.text("code"), "card_declined");
        assert_eq!(refused.body["attemptsLeft"], 2);
        // Until it is closed, its secret could still be confirmed with another card.
        let secret = secret_of(&till, &order);
        till.settle().await;
        assert_eq!(till.statuses(&order).await, format!("declined({code})"));
        assert_eq!(till.intent_statuses(&order), ["canceled"], "{card}");
        assert!(!till.confirm_past_us(&secret, "pm_card_visa").await);
        assert_eq!(till.moved(&order), "");
        assert_eq!(till.standing(&order).await, "awaiting:payment");
    }
    till.assert_sound().await;
}

#[tokio::test]
async fn a_declined_intent_that_was_confirmed_past_us_is_released_and_charges_nothing() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    assert_eq!(till.pay(&order, "tok_chargeDeclined").await.status, 402);
    let secret = secret_of(&till, &order);
    assert!(till.confirm_past_us(&secret, "pm_card_visa").await);
    till.settle().await;
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, release {TOTAL}")
    );
    assert_eq!(till.statuses(&order).await, "declined(generic_decline)");
    till.assert_sound().await;
}

#[tokio::test]
async fn a_decline_whose_answer_was_lost_counts_as_it_stands_when_it_is_asked_for() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    till.stripe.plan(Call::Create, Fault::DropAfter);
    assert_eq!(till.pay(&order, "tok_chargeDeclined").await.status, 202);
    // Stripe repeats the decline to whoever asks, but its payer has found another card.
    let secret = secret_of(&till, &order);
    assert!(till.confirm_past_us(&secret, "pm_card_visa").await);
    till.recover().await;
    assert_eq!(till.statuses(&order).await, "captured");
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, capture {TOTAL}")
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn after_a_decline_another_card_is_charged_once() {
    let till = Till::open().await;
    let (order, ticket) = till.order().await;
    assert_eq!(till.pay(&order, "tok_chargeDeclined").await.status, 402);
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    till.settle().await;
    assert_eq!(till.ticket_status(&ticket).await, "sold");
    assert_eq!(
        till.statuses(&order).await,
        "declined(generic_decline) captured"
    );
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, capture {TOTAL}")
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn the_third_decline_ends_the_order() {
    let till = Till::open().await;
    let (order, ticket) = till.order().await;
    for left in [2, 1, 0] {
        let refused = till.pay(&order, "tok_chargeDeclined").await;
        assert_eq!(
            (refused.status.as_u16(), &refused.body["attemptsLeft"]),
            (402, &json!(left))
        );
    }
    till.settle().await;
    assert_eq!(till.standing(&order).await, "cancelled: payment_failed");
    assert_eq!(till.ticket_status(&ticket).await, "available");
    assert_eq!(till.intent_statuses(&order), ["canceled"; 3]);
    let refused = till.pay(&order, "tok_visa").await;
    assert_eq!(refused.text("code"), "order_cancelled");
    assert_eq!(till.moved(&order), "");
    till.assert_sound().await;
}

#[tokio::test]
async fn an_amount_that_stripe_does_not_take_is_a_decline_that_says_so() {
    let till = Till::open().await;
    // Less than 0.50, with what the buyer pays on top; and 5.248, whose last digit Stripe has no place for.
    for (price, currency) in [("0.40", "usd"), ("5.120", "kwd")] {
        let (order, _) = till.order_at(price, currency).await;
        let refused = till.pay(&order, "tok_visa").await;
        assert_eq!(refused.status, 402, "{}", refused.body);
        till.settle().await;
        assert_eq!(till.statuses(&order).await, "declined(refused)");
        assert!(till.intents(&order).is_empty());
    }
    till.assert_sound().await;
}

#[tokio::test]
async fn a_card_number_is_refused_and_neither_repeated_nor_sent() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    let numbers = [
        "4242424242424242",
        "4242 4242 4242 4242",
        "tok_4242424242424242&amount=1",
        "",
    ];
    for number in numbers {
        let refused = till.pay(&order, number).await;
        assert_eq!(refused.status, 400, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["field"], "token");
        let said = refused.body.to_string();
        assert!(!said.contains("4242"), "{said}");
    }
    till.settle().await;
    assert_eq!(till.stripe.requests(), []);
    assert_eq!(till.statuses(&order).await, "");
    till.assert_sound().await;
}

#[tokio::test]
async fn a_card_that_stripe_does_not_know_is_a_decline() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    for card in ["tok_nobody", "pm_nobody"] {
        let refused = till.pay(&order, card).await;
        assert_eq!(refused.status, 402, "{}", refused.body);
    }
    till.settle().await;
    assert_eq!(
        till.statuses(&order).await,
        "declined(refused) declined(refused)"
    );
    assert!(till.intents(&order).is_empty());
    till.assert_sound().await;
}

fn secret_of(till: &Till, order: &str) -> String {
    let intents = till.stripe.intents().into_iter();
    let mut ours = intents.filter(|intent| intent["metadata"]["tessera_order"] == *order);
    let intent = ours.next_back().expect("an intent");
    intent["client_secret"].as_str().unwrap().to_owned()
}
