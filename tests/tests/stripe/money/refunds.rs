//! An operator gives money back: once, however often it has to be asked for, and never more than there is.

use stripe_double::{Call, Fault, Mode};
use tessera_payments::operator::{GiveBackError, NotRefundable};

use super::{balance, statement};
use crate::till::{TOTAL, Till};

const DAY: i64 = 24 * 60 * 60;

fn why(refused: Result<tessera_payments::operator::Refund, GiveBackError>) -> NotRefundable {
    match refused {
        Err(GiveBackError::Refused(why)) => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_whole_one_leaves_nobody_with_anything_but_the_gateway() {
    let till = Till::open().await;
    let (order, payment, _) = till.sold().await;
    let refund = till.give_back(&order, None).await.unwrap();
    assert_eq!(till.refund_status(&refund).await, "Pending");
    till.settle().await;
    assert_eq!(till.refund_status(&refund).await, "Done");
    let shown = till
        .get(&format!("/api/payments/{payment}"), &till.buyer)
        .await;
    assert_eq!(
        (&shown["status"], &shown["refunded"]),
        (&"refunded".into(), &"123.00".into())
    );
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, capture {TOTAL}, refund {TOTAL}")
    );
    // Stripe keeps what it took.
    assert_eq!(
        till.ledger().await,
        ["fees -387 usd", "gateway_fees 387 usd"]
    );
    assert_eq!(balance(&till).await, ["0.00", "0.00", "0.00"]);
    assert_eq!(statement(&till).await, ["sale 108.00", "refund -108.00"]);
    assert_eq!(till.verdicts().await, ["agree"]);
    // The ticket stays the buyer's: whether they may keep it is not for payments to say.
    assert_eq!(till.standing(&order).await, "complete");
    till.assert_sound().await;
}

#[tokio::test]
async fn it_can_come_in_parts_and_each_bears_what_is_theirs_to_the_cent() {
    let till = Till::open().await;
    for parts in [["0.01", "122.99"], ["33.33", "89.67"], ["122.99", "0.01"]] {
        let (order, _, _) = till.sold().await;
        for (part, expected) in parts.iter().zip(["captured", "refunded"]) {
            till.give_back(&order, Some(part)).await.unwrap();
            till.settle().await;
            assert_eq!(till.statuses(&order).await, expected);
        }
        for account in ["buyer", "payable", "refunds"] {
            assert_eq!(till.booked(&order, account).await, 0, "{account}");
        }
    }
    till.assert_sound().await;
}

#[tokio::test]
async fn also_when_one_of_the_parts_failed_in_between() {
    let till = Till::open().await;
    let (order, _, _) = till.sold().await;
    till.stripe.plan(Call::Refund, Fault::RefundFails);
    let failing = till.give_back(&order, Some("33.33")).await.unwrap();
    till.settle().await;
    till.give_back(&order, Some("55.55")).await.unwrap();
    till.pass(61).await;
    assert_eq!(till.refund_status(&failing).await, "Failed");
    for part in [Some("11.11"), None] {
        till.give_back(&order, part).await.unwrap();
        till.settle().await;
    }
    assert_eq!(till.statuses(&order).await, "refunded");
    for account in ["buyer", "payable", "refunds"] {
        assert_eq!(till.booked(&order, account).await, 0, "{account}");
    }
    till.assert_sound().await;
}

#[tokio::test]
async fn there_is_never_more_than_was_charged() {
    let till = Till::open().await;
    let (order, _, _) = till.sold().await;
    let left = |minor| tessera_contracts::Money::new(minor, "usd".parse().unwrap());
    let too_much = till.give_back(&order, Some("123.01")).await;
    assert_eq!(why(too_much), NotRefundable::TooMuch(left(12_300)));
    till.give_back(&order, Some("100.00")).await.unwrap();
    // Also while the first one is not done yet.
    let too_much = till.give_back(&order, Some("23.01")).await;
    assert_eq!(why(too_much), NotRefundable::TooMuch(left(2_300)));
    till.settle().await;
    let too_much = till.give_back(&order, Some("23.01")).await;
    assert_eq!(why(too_much), NotRefundable::TooMuch(left(2_300)));
    // As much as can be written at all.
    let too_much = till.give_back(&order, Some("92233720368547758.07")).await;
    assert_eq!(why(too_much), NotRefundable::TooMuch(left(2_300)));
    let nothing = till.give_back(&order, Some("0.00")).await;
    assert_eq!(why(nothing), NotRefundable::Nothing);
    for text in ["-1.00", "1.001", "much", ""] {
        let refused = till.give_back(&order, Some(text)).await;
        assert!(matches!(refused, Err(GiveBackError::Amount(_))), "{text}");
    }
    till.give_back(&order, None).await.unwrap();
    till.settle().await;
    let after_all = till.give_back(&order, None).await;
    assert_eq!(why(after_all), NotRefundable::NotCharged);
    till.assert_sound().await;
}

#[tokio::test]
async fn nothing_is_given_back_of_what_was_not_charged() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    let refused = till.give_back(&order, None).await;
    assert_eq!(why(refused), NotRefundable::NotCharged);
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    let refused = till.give_back(&order, None).await;
    assert_eq!(why(refused), NotRefundable::NotCharged);
    assert_eq!(till.cancel(&order).await.status, 204);
    till.settle().await;
    let refused = till.give_back(&order, None).await;
    assert_eq!(why(refused), NotRefundable::NotCharged);
    let nobody = uuid::Uuid::from_u128(7).to_string();
    let refused = till.give_back(&nobody, None).await;
    assert!(matches!(refused, Err(GiveBackError::NoOrder)));
    till.settle().await;
    assert_eq!(till.stripe.refunds().len(), 0);
    till.assert_sound().await;
}

#[tokio::test]
async fn it_is_made_once_whatever_goes_wrong() {
    let faults = [
        Fault::DropBefore,
        Fault::DropAfter,
        Fault::FailBefore,
        Fault::FailAfter,
        Fault::TooMany { retry_after: 2 },
        Fault::Unavailable,
        Fault::KeyInUse,
        Fault::Locked,
        Fault::Malformed,
    ];
    for fault in faults {
        for mode in [Mode::Deliver, Mode::Drop] {
            let till = Till::open().await;
            till.stripe.webhooks().mode(mode);
            let (order, _, _) = till.sold().await;
            till.stripe.plan_times(Call::Refund, fault.clone(), 2);
            till.stripe.plan(Call::ListRefunds, fault.clone());
            let refund = till.give_back(&order, Some("23.00")).await.unwrap();
            till.recover().await;
            assert_eq!(till.refund_status(&refund).await, "Done", "{fault:?}");
            let refunds = till.stripe.refunds();
            assert_eq!(refunds.len(), 1, "{fault:?}: {refunds:?}");
            assert_eq!(till.verdicts().await, ["agree"]);
            till.assert_sound().await;
            till.assert_nothing_is_under_way().await;
        }
    }
}

#[tokio::test]
async fn the_same_reference_of_an_order_is_the_same_refund() {
    let till = Till::open().await;
    let (order, _, _) = till.sold().await;
    let part = till.give_back_as("R-1", &order, Some("23.00")).await;
    let part = part.unwrap();
    let again = till.give_back_as("R-1", &order, Some("23.00")).await;
    assert_eq!(again.unwrap().id, part.id);
    let other = till.give_back_as("R-1", &order, Some("24.00")).await;
    let words = other.unwrap_err().to_string();
    assert_eq!(
        words,
        "the reference was used for 23.00 USD of this order before"
    );
    till.recover().await;
    let again = till.give_back_as("R-1", &order, None).await.unwrap();
    assert_eq!(again.id, part.id);
    till.recover().await;
    assert_eq!(till.stripe.refunds().len(), 1);
    let further = till.give_back_as("R-2", &order, Some("23.00")).await;
    assert_ne!(further.unwrap().id, part.id);
    till.recover().await;
    assert_eq!(till.stripe.refunds().len(), 2);
    till.assert_sound().await;
}

#[tokio::test]
async fn a_whole_one_that_arrives_twice_is_made_once() {
    let till = Till::open().await;
    let (order, _, _) = till.sold().await;
    till.stripe.plan(Call::Refund, Fault::Twice);
    let refund = till.give_back(&order, None).await.unwrap();
    till.recover().await;
    assert_eq!(till.refund_status(&refund).await, "Done");
    assert_eq!(till.stripe.refunds().len(), 1);
    till.assert_sound().await;
}

#[tokio::test]
async fn one_whose_answer_was_lost_is_not_made_again_when_stripe_has_forgotten_its_key() {
    for fault in [Fault::DropAfter, Fault::FailAfter] {
        let mut till = Till::open().await;
        let (order, _, _) = till.sold().await;
        till.stripe.plan(Call::Refund, fault);
        till.give_back(&order, Some("20.00")).await.unwrap();
        till.market.app.settle().await;
        assert_eq!(till.stripe.refunds().len(), 1);
        // The marketplace is down for longer than Stripe keeps a key.
        till.market
            .app
            .advance(jiff::SignedDuration::from_secs(26 * 60 * 60));
        till = till.restart().await;
        till.recover().await;
        assert_eq!(till.stripe.refunds().len(), 1);
        till.assert_sound().await;
        till.assert_nothing_is_under_way().await;
    }
}

#[tokio::test]
async fn one_that_comes_back_is_taken_back_in_the_books() {
    for mode in [Mode::Deliver, Mode::Drop] {
        let till = Till::open().await;
        till.stripe.webhooks().mode(mode);
        let (order, _, _) = till.sold().await;
        let before = till.ledger().await;
        let refund = till.give_back(&order, None).await.unwrap();
        till.settle().await;
        let id = till.stripe.refunds()[0]["id"].as_str().unwrap().to_owned();
        till.stripe.fail_refund(&id).unwrap();
        till.settle().await;
        till.reconcile().await;
        assert_eq!(till.refund_status(&refund).await, "Failed", "{mode:?}");
        assert_eq!(till.statuses(&order).await, "captured");
        assert_eq!(till.ledger().await, before);
        assert_eq!(till.verdicts().await, ["agree"]);
        // And it can be decided again.
        let again = till.give_back(&order, None).await.unwrap();
        till.settle().await;
        assert_eq!(till.refund_status(&again).await, "Done");
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn one_that_came_back_before_its_answer_was_known_is_not_taken_for_done() {
    for fault in [Fault::DropAfter, Fault::FailAfter] {
        let till = Till::open().await;
        let (order, _, _) = till.sold().await;
        till.stripe.plan(Call::Refund, fault.clone());
        let refund = till.give_back(&order, Some("23.00")).await.unwrap();
        till.settle().await;
        assert_eq!(till.refund_status(&refund).await, "Pending");
        let id = till.stripe.refunds()[0]["id"].as_str().unwrap().to_owned();
        till.stripe.fail_refund(&id).unwrap();
        till.settle().await;
        till.recover().await;
        assert_eq!(till.refund_status(&refund).await, "Failed", "{fault:?}");
        assert_eq!(till.stripe.refunds().len(), 1);
        till.assert_sound().await;
        till.assert_nothing_is_under_way().await;
    }
}

#[tokio::test]
async fn cards_whose_refunds_fail_or_take_their_time_are_known() {
    for (card, end, status) in [
        ("pm_card_refundFail", "Failed", "captured"),
        ("pm_card_pendingRefund", "Done", "refunded"),
    ] {
        let till = Till::open().await;
        let (order, _) = till.order().await;
        assert_eq!(till.pay(&order, card).await.status, 201);
        till.settle().await;
        let refund = till.give_back(&order, None).await.unwrap();
        till.settle().await;
        assert_eq!(till.refund_status(&refund).await, "Done");
        till.pass(61).await;
        assert_eq!(till.refund_status(&refund).await, end);
        assert_eq!(till.statuses(&order).await, status);
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn one_that_stripe_refuses_is_taken_back_and_says_so() {
    let till = Till::open().await;
    let (order, _, intent) = till.sold().await;
    till.stripe.refund_outside(&intent, Some(12_000)).unwrap();
    let refund = till.give_back(&order, Some("100.00")).await.unwrap();
    till.recover().await;
    assert_eq!(till.refund_status(&refund).await, "Failed");
    assert_eq!(till.statuses(&order).await, "captured");
    // What somebody else gave back is not in the books; that is told.
    assert_eq!(
        till.verdicts().await,
        ["differ: 0.00 of it were given back, and 120.00 at the gateway"]
    );
    till.assert_books_are_sound().await;
}

#[tokio::test]
async fn one_that_is_still_under_way_is_no_difference() {
    let till = Till::open().await;
    let (order, _, _) = till.sold().await;
    till.stripe.plan_always(Call::Refund, Fault::Unavailable);
    till.give_back(&order, Some("23.00")).await.unwrap();
    till.pass(DAY).await;
    assert_eq!(till.verdicts().await, ["under way"]);
    till.stripe.clear_plan();
    till.recover().await;
    assert_eq!(till.verdicts().await, ["agree"]);
    till.assert_sound().await;
}
