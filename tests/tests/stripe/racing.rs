//! The order ends, or the authorization does, or somebody else charges it, while something is under way.

use stripe_double::{Call, Fault, Mode};

use crate::till::{TOTAL, Till};

const DAY: i64 = 24 * 60 * 60;

#[tokio::test]
async fn an_order_that_ends_while_its_card_is_asked_is_not_charged() {
    for fault in [Fault::DropBefore, Fault::DropAfter, Fault::FailAfter] {
        for expires in [true, false] {
            let till = Till::open().await;
            let (order, ticket) = till.order().await;
            till.stripe.plan(Call::Create, fault.clone());
            assert_eq!(till.pay_under("k1", &order, "tok_visa").await.status, 202);
            if expires {
                till.market
                    .app
                    .advance(jiff::SignedDuration::from_secs(900));
            } else {
                assert_eq!(till.cancel(&order).await.status, 204);
            }
            till.recover().await;
            assert_eq!(till.statuses(&order).await, "voided", "{fault:?}");
            assert_eq!(till.ticket_status(&ticket).await, "available");
            let moved = till.moved(&order);
            assert_eq!(moved, format!("authorize {TOTAL}, release {TOTAL}"));
            till.pay_under("k1", &order, "tok_visa").await;
            assert_eq!(till.moved(&order), moved);
            till.assert_sound().await;
        }
    }
}

#[tokio::test]
async fn an_order_that_ends_before_orders_hears_of_its_payment_is_not_charged() {
    for expires in [true, false] {
        let till = Till::open().await;
        let (order, ticket) = till.order().await;
        assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
        if expires {
            // The nudge of expiration comes before the payment's own event.
            till.market
                .app
                .advance(jiff::SignedDuration::from_secs(900));
            till.market.nudge(&order).await;
        } else {
            assert_eq!(till.cancel(&order).await.status, 204);
        }
        till.settle().await;
        assert_eq!(till.statuses(&order).await, "voided");
        assert_eq!(till.ticket_status(&ticket).await, "available");
        assert_eq!(
            till.moved(&order),
            format!("authorize {TOTAL}, release {TOTAL}")
        );
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn an_authorization_that_ran_out_before_its_capture_takes_the_order_back() {
    for mode in [Mode::Deliver, Mode::Drop] {
        let till = Till::open().await;
        till.stripe.webhooks().mode(mode);
        let (order, ticket) = till.order().await;
        till.stripe.plan_always(Call::Capture, Fault::Unavailable);
        assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
        till.settle().await;
        assert_eq!(till.standing(&order).await, "complete");
        till.pass(8 * DAY).await;
        till.stripe.clear_plan();
        till.recover().await;
        assert_eq!(till.standing(&order).await, "cancelled: capture_failed");
        assert_eq!(till.statuses(&order).await, "capture_failed");
        assert_eq!(till.ticket_status(&ticket).await, "available");
        assert_eq!(
            till.moved(&order),
            format!("authorize {TOTAL}, release {TOTAL}")
        );
        assert_eq!(till.ledger().await, [""; 0]);
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn a_release_of_what_ran_out_is_no_news() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    till.stripe.plan_always(Call::Cancel, Fault::Unavailable);
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    assert_eq!(till.cancel(&order).await.status, 204);
    till.settle().await;
    till.pass(8 * DAY).await;
    till.stripe.clear_plan();
    till.recover().await;
    assert_eq!(till.statuses(&order).await, "voided");
    till.assert_sound().await;
}

#[tokio::test]
async fn what_somebody_charged_of_an_order_that_ended_goes_back_to_its_buyer() {
    for mode in [Mode::Deliver, Mode::Drop] {
        let till = Till::open().await;
        till.stripe.webhooks().mode(mode);
        let (order, ticket) = till.order().await;
        let payment = till.pay(&order, "tok_visa").await.text("id");
        let intent = till.intents(&order).pop().unwrap();
        till.stripe.capture_outside(&intent).unwrap();
        assert_eq!(till.cancel(&order).await.status, 204);
        till.settle().await;
        assert_eq!(till.ticket_status(&ticket).await, "available");
        assert_eq!(
            till.moved(&order),
            format!("authorize {TOTAL}, capture {TOTAL}, refund {TOTAL}")
        );
        let shown = till
            .get(&format!("/api/payments/{payment}"), &till.buyer)
            .await;
        assert_eq!(
            (&shown["status"], &shown["refunded"]),
            (&"refunded".into(), &"123.00".into())
        );
        let told = till.market.app.published_types("payments").await;
        assert_eq!(told, ["payment:created", "payment:refunded"]);
        // What Stripe kept is noted by the first look at it.
        till.reconcile().await;
        assert_eq!(till.verdicts().await, ["agree"]);
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn what_somebody_charged_after_it_was_released_or_declined_goes_back_too() {
    // The release is on its way, and comes too late.
    let till = Till::open().await;
    let (voided, _) = till.order().await;
    let (declined, _, _) = till.to_be_confirmed().await;
    assert_eq!(till.pay(&voided, "tok_visa").await.status, 201);
    till.authenticate(&declined, stripe_double::Outcome::Succeed);
    till.stripe.plan_times(Call::Cancel, Fault::Unavailable, 4);
    assert_eq!(till.cancel(&voided).await.status, 204);
    // Abandons it for another card.
    assert_eq!(till.pay(&declined, "tok_visa").await.status, 201);
    till.settle().await;
    for order in [&voided, &declined] {
        let first = till.intents(order).remove(0);
        till.stripe.capture_outside(&first).unwrap();
    }
    till.recover().await;
    assert_eq!(till.statuses(&voided).await, "refunded");
    assert_eq!(till.statuses(&declined).await, "refunded captured");
    let refunds = till.stripe.refunds();
    assert_eq!(refunds.len(), 2, "{refunds:?}");
    till.assert_books_are_sound().await;
    till.assert_nothing_is_under_way().await;
}

#[tokio::test]
async fn what_somebody_charged_of_a_complete_order_counts_once() {
    for fault in [None, Some(Fault::Unavailable)] {
        let till = Till::open().await;
        let (order, _) = till.order().await;
        assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
        let intent = till.intents(&order).pop().unwrap();
        if let Some(fault) = fault {
            till.stripe.plan(Call::Capture, fault);
            till.settle().await;
        }
        till.stripe.capture_outside(&intent).unwrap();
        till.recover().await;
        assert_eq!(till.standing(&order).await, "complete");
        assert_eq!(till.statuses(&order).await, "captured");
        assert_eq!(
            till.moved(&order),
            format!("authorize {TOTAL}, capture {TOTAL}")
        );
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn a_buyer_who_pays_and_cancels_at_once_gets_the_ticket_or_their_money() {
    for round in 0..12 {
        let till = Till::open().await;
        let (order, ticket) = till.order().await;
        let pay = till.pay(&order, "tok_visa");
        let end = async {
            for _ in 0..round {
                till.market.app.get("/api/tickets").send().await;
            }
            till.cancel(&order).await
        };
        let (paid, ended) = tokio::join!(pay, end);
        till.recover().await;
        let standing = till.standing(&order).await;
        match ended.status.as_u16() {
            204 => {
                assert_eq!(standing, "cancelled: cancelled_by_buyer");
                assert_eq!(till.ticket_status(&ticket).await, "available");
            }
            _ => {
                assert_eq!((ended.status.as_u16(), paid.status.as_u16()), (409, 201));
                assert_eq!(standing, "complete");
            }
        }
        till.assert_sound().await;
        till.assert_nothing_is_under_way().await;
    }
}

#[tokio::test]
async fn what_was_asked_for_when_stripe_still_knew_its_key_is_looked_for_and_not_asked_for_anew() {
    let ends = [
        (Fault::DropBefore, "declined(not_processed)", String::new()),
        (
            Fault::DropAfter,
            "voided",
            format!("authorize {TOTAL}, release {TOTAL}"),
        ),
    ];
    for (fault, status, moved) in ends {
        let mut till = Till::open().await;
        till.stripe.webhooks().mode(Mode::Drop);
        let (order, _) = till.order().await;
        till.stripe.plan(Call::Create, fault);
        assert_eq!(till.pay(&order, "tok_visa").await.status, 202);
        // The marketplace is down for longer than Stripe keeps a key.
        let longer = jiff::SignedDuration::from_hours(26);
        till.market.app.advance(longer);
        till = till.restart().await;
        till.recover().await;
        assert_eq!(till.statuses(&order).await, status);
        assert_eq!(till.moved(&order), moved);
        till.assert_sound().await;
        till.assert_nothing_is_under_way().await;
    }
}

#[tokio::test]
async fn a_restart_between_any_two_steps_changes_nothing() {
    for fault in [Fault::DropAfter, Fault::FailAfter] {
        let mut till = Till::open().await;
        let (paid, _) = till.order().await;
        let (ended, _) = till.order().await;
        for order in [&paid, &ended] {
            till.stripe.plan(Call::Create, fault.clone());
            assert_eq!(till.pay(order, "tok_visa").await.status, 202);
        }
        till = till.restart().await;
        assert_eq!(till.cancel(&ended).await.status, 204);
        for call in [Call::Capture, Call::Cancel] {
            till.stripe.plan(call, fault.clone());
        }
        till.pass(1).await;
        till = till.restart().await;
        till.recover().await;
        assert_eq!(till.statuses(&paid).await, "captured");
        assert_eq!(till.statuses(&ended).await, "voided");
        till.assert_sound().await;
        till.assert_nothing_is_under_way().await;
    }
}

#[tokio::test]
async fn a_part_that_somebody_charged_of_an_order_that_ended_goes_back() {
    for given_back in [None, Some(2_000)] {
        let till = Till::open().await;
        let (order, ticket) = till.order().await;
        assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
        let intent = till.intents(&order).pop().unwrap();
        till.capture_part(&intent, "5000").await;
        if given_back.is_some() {
            till.stripe.refund_outside(&intent, given_back).unwrap();
        }
        assert_eq!(till.cancel(&order).await.status, 204);
        till.settle().await;
        assert_eq!(till.ticket_status(&ticket).await, "available");
        assert_eq!(till.statuses(&order).await, "voided");
        assert_eq!(till.verdicts().await, ["agree"]);
        till.assert_sound().await;
        till.assert_nothing_is_under_way().await;
    }
}

#[tokio::test]
async fn of_what_somebody_gave_back_in_part_the_rest_goes_back_too() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    let intent = till.intents(&order).pop().unwrap();
    till.stripe.capture_outside(&intent).unwrap();
    till.stripe.refund_outside(&intent, Some(2_300)).unwrap();
    assert_eq!(till.cancel(&order).await.status, 204);
    till.settle().await;
    assert_eq!(till.statuses(&order).await, "refunded");
    till.reconcile().await;
    assert_eq!(till.verdicts().await, ["agree"]);
    till.assert_sound().await;
}
