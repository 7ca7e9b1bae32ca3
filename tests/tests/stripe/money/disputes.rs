//! Chargebacks: while a bank has not decided, the seller does not get the money.

use stripe_double::{Call, Fault, Mode, Order, Verdict};
use tessera_payments::operator::{GiveBackError, NotRefundable};

use super::{balance, statement};
use crate::till::{TOTAL, Till};

/// A complete order whose buyer has gone to their bank, and the dispute.
async fn disputed(till: &Till) -> (String, String) {
    let (order, _, intent) = till.sold().await;
    let dispute = till.stripe.dispute(&intent, "fraudulent").unwrap();
    till.settle().await;
    (order, dispute["id"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn while_it_is_open_the_money_is_frozen() {
    let till = Till::open().await;
    let (order, _) = disputed(&till).await;
    assert_eq!(balance(&till).await, ["0.00", "108.00", "0.00"]);
    let seller = till.market.seller.clone();
    assert!(till.pay_out(&seller, None, "b-1").await.is_err());
    assert!(till.pay_out(&seller, Some("0.01"), "b-1").await.is_err());
    let refused = till.give_back(&order, None).await;
    assert!(
        matches!(
            refused,
            Err(GiveBackError::Refused(NotRefundable::Disputed))
        ),
        "{refused:?}"
    );
    assert_eq!(till.standing(&order).await, "complete");
    till.assert_sound().await;
}

#[tokio::test]
async fn what_is_won_is_the_seller_s_again() {
    let till = Till::open().await;
    let (_, dispute) = disputed(&till).await;
    till.stripe.close_dispute(&dispute, Verdict::Won).unwrap();
    till.settle().await;
    assert_eq!(balance(&till).await, ["108.00", "0.00", "0.00"]);
    assert_eq!(
        statement(&till).await,
        ["sale 108.00", "freeze -108.00", "thaw 108.00"]
    );
    let seller = till.market.seller.clone();
    till.pay_out(&seller, None, "b-1").await.unwrap();
    till.assert_sound().await;
}

#[tokio::test]
async fn what_is_lost_goes_back_to_the_buyer_and_the_marketplace_bears_its_own_part() {
    let till = Till::open().await;
    let (order, dispute) = disputed(&till).await;
    till.stripe.close_dispute(&dispute, Verdict::Lost).unwrap();
    till.settle().await;
    assert_eq!(balance(&till).await, ["0.00", "0.00", "0.00"]);
    assert_eq!(till.booked(&order, "buyer").await, 0);
    assert_eq!(
        till.ledger().await,
        ["fees -387 usd", "gateway_fees 387 usd"]
    );
    let again = till.give_back(&order, None).await;
    assert!(again.is_err(), "the bank gave it back already: {again:?}");
    till.assert_sound().await;
}

#[tokio::test]
async fn of_a_seller_who_was_paid_nothing_can_be_frozen() {
    let till = Till::open().await;
    let (order, _, intent) = till.sold().await;
    let seller = till.market.seller.clone();
    till.pay_out(&seller, None, "b-1").await.unwrap();
    let dispute = till.stripe.dispute(&intent, "fraudulent").unwrap();
    till.settle().await;
    // What was paid out is owed, until the bank has decided.
    assert_eq!(balance(&till).await, ["-108.00", "108.00", "108.00"]);
    let id = dispute["id"].as_str().unwrap();
    till.stripe.close_dispute(id, Verdict::Lost).unwrap();
    till.settle().await;
    assert_eq!(balance(&till).await, ["-108.00", "0.00", "108.00"]);
    assert_eq!(till.booked(&order, "buyer").await, 0);
    till.assert_sound().await;
}

#[tokio::test]
async fn after_a_part_was_given_back_it_is_about_the_rest() {
    let till = Till::open().await;
    let (order, _, intent) = till.sold().await;
    till.give_back(&order, Some("61.50")).await.unwrap();
    till.settle().await;
    assert_eq!(balance(&till).await, ["54.00", "0.00", "0.00"]);
    let dispute = till.stripe.dispute(&intent, "fraudulent").unwrap();
    till.settle().await;
    assert_eq!(balance(&till).await, ["0.00", "54.00", "0.00"]);
    let id = dispute["id"].as_str().unwrap();
    till.stripe.close_dispute(id, Verdict::Lost).unwrap();
    till.settle().await;
    assert_eq!(balance(&till).await, ["0.00", "0.00", "0.00"]);
    assert_eq!(till.booked(&order, "buyer").await, 0);
    till.assert_sound().await;
}

#[tokio::test]
async fn no_more_is_frozen_than_the_bank_wants() {
    let till = Till::open().await;
    let (_, _, intent) = till.sold().await;
    // Somebody gave the most of it back past the books: the bank wants the rest.
    till.stripe.refund_outside(&intent, Some(11_300)).unwrap();
    let dispute = till.stripe.dispute(&intent, "fraudulent").unwrap();
    till.settle().await;
    assert_eq!(balance(&till).await, ["98.00", "10.00", "0.00"]);
    let id = dispute["id"].as_str().unwrap();
    till.stripe.close_dispute(id, Verdict::Lost).unwrap();
    till.settle().await;
    assert_eq!(balance(&till).await, ["98.00", "0.00", "0.00"]);
    till.assert_books_are_sound().await;
}

#[tokio::test]
async fn it_counts_once_however_it_is_told() {
    for verdict in [Verdict::Won, Verdict::Lost] {
        let mut ends = Vec::new();
        let ways = [
            (Mode::Deliver, None),
            (Mode::Repeat { times: 2 }, None),
            (Mode::Hold, Some(Order::Reversed)),
            (Mode::Hold, Some(Order::AsItWas)),
            (Mode::Drop, None),
        ];
        for (mode, release) in ways {
            let till = Till::open().await;
            till.stripe.webhooks().mode(mode);
            let (_, dispute) = disputed(&till).await;
            till.stripe.close_dispute(&dispute, verdict).unwrap();
            till.settle().await;
            if let Some(order) = release {
                till.stripe.webhooks().release(&order);
                till.settle().await;
            }
            // It is asked for, too, in case that nothing was told.
            till.reconcile().await;
            for event in till.stripe.events() {
                let id = event["id"].as_str().unwrap();
                till.stripe.webhooks().redeliver(id);
            }
            till.settle().await;
            till.assert_sound().await;
            ends.push((balance(&till).await, till.ledger().await));
        }
        ends.dedup();
        assert_eq!(ends.len(), 1, "{ends:?}");
    }
}

#[tokio::test]
async fn one_of_a_charge_that_is_not_known_yet_is_looked_at_when_it_is() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    till.stripe.plan(Call::Capture, Fault::DropAfter);
    till.stripe.plan_times(Call::Capture, Fault::Unavailable, 2);
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    till.settle().await;
    let intent = till.intents(&order).pop().unwrap();
    let dispute = till.stripe.dispute(&intent, "fraudulent").unwrap();
    till.settle().await;
    till.recover().await;
    assert_eq!(till.statuses(&order).await, "captured");
    assert_eq!(balance(&till).await, ["0.00", "108.00", "0.00"]);
    let id = dispute["id"].as_str().unwrap();
    till.stripe.close_dispute(id, Verdict::Lost).unwrap();
    till.settle().await;
    assert_eq!(balance(&till).await, ["0.00", "0.00", "0.00"]);
    till.assert_sound().await;
}

#[tokio::test]
async fn what_a_failing_refund_brings_back_is_frozen_too() {
    for verdict in [Verdict::Won, Verdict::Lost] {
        let till = Till::open().await;
        let (order, _, intent) = till.sold().await;
        // Decided before the dispute is known, and refused by Stripe because of it.
        till.stripe.plan(Call::Refund, Fault::Unavailable);
        let refund = till.give_back(&order, Some("61.50")).await.unwrap();
        till.settle().await;
        let dispute = till.stripe.dispute(&intent, "fraudulent").unwrap();
        till.settle().await;
        assert_eq!(balance(&till).await, ["0.00", "54.00", "0.00"]);
        till.recover().await;
        assert_eq!(till.refund_status(&refund).await, "Failed");
        assert_eq!(balance(&till).await, ["0.00", "108.00", "0.00"]);
        let id = dispute["id"].as_str().unwrap();
        till.stripe.close_dispute(id, verdict).unwrap();
        till.settle().await;
        let left = if verdict == Verdict::Won {
            "108.00"
        } else {
            "0.00"
        };
        assert_eq!(balance(&till).await, [left, "0.00", "0.00"]);
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn a_dispute_of_another_program_s_charge_is_none_of_ours() {
    let till = Till::open().await;
    let key = till.stripe.secret_key().to_owned();
    let foreign = [
        ("amount", "5000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("allowed_payment_method_types[]", "card"),
        ("payment_method", "pm_card_visa"),
    ];
    let (_, made) = till.ask_stripe("/v1/payment_intents", &foreign, &key).await;
    let id = made["id"].as_str().unwrap();
    till.stripe.dispute(id, "fraudulent").unwrap();
    till.recover().await;
    assert_eq!(till.count("SELECT count(*) FROM disputes").await, 0);
    assert_eq!(till.ledger().await, [""; 0]);
    let (order, _, _) = till.sold().await;
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, capture {TOTAL}")
    );
    till.assert_sound().await;
}
