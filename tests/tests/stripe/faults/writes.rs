//! Each write of a payment, with each fault, once and again and again.

use stripe_double::{Call, Fault, Mode};

use super::{keys, passing};
use crate::till::{TOTAL, Till};

/// How often a fault comes before all is well again.
const TIMES: [u32; 2] = [1, 3];

#[tokio::test]
async fn an_authorization_is_made_once_and_captured() {
    for fault in passing() {
        for times in TIMES {
            let till = Till::open().await;
            let (order, ticket) = till.order().await;
            till.stripe.plan_times(Call::Create, fault.clone(), times);
            let answer = till.pay(&order, "tok_visa").await.status;
            let expected = if fault == Fault::Twice { 201 } else { 202 };
            assert_eq!(answer, expected, "{fault:?}");
            till.recover().await;
            assert_eq!(till.statuses(&order).await, "captured", "{fault:?}");
            assert_eq!(till.ticket_status(&ticket).await, "sold");
            let moved = till.moved(&order);
            let once = format!("authorize {TOTAL}, capture {TOTAL}");
            let twice =
                format!("authorize {TOTAL}, authorize {TOTAL}, release {TOTAL}, capture {TOTAL}");
            let both = [once, twice.clone(), reordered(&twice)];
            let allowed = if fault == Fault::Twice {
                &both[1..]
            } else {
                &both[..1]
            };
            assert!(allowed.contains(&moved), "{fault:?} × {times}: {moved}");
            till.assert_sound().await;
            till.assert_nothing_is_under_way().await;
        }
    }
}

/// The same, where what is to spare is released last.
fn reordered(moved: &str) -> String {
    moved.replace(
        &format!("release {TOTAL}, capture {TOTAL}"),
        &format!("capture {TOTAL}, release {TOTAL}"),
    )
}

#[tokio::test]
async fn a_decline_is_a_decline_however_it_is_learned() {
    for fault in passing() {
        for mode in [Mode::Deliver, Mode::Drop] {
            let till = Till::open().await;
            till.stripe.webhooks().mode(mode);
            let (order, _) = till.order().await;
            till.stripe.plan(Call::Create, fault.clone());
            let card = "tok_visa_chargeDeclinedInsufficientFunds";
            till.pay(&order, card).await;
            till.recover().await;
            let shown = till.statuses(&order).await;
            assert_eq!(shown, "declined(insufficient_funds)", "{fault:?}");
            assert_eq!(till.moved(&order), "");
            // And no further try was used by what went wrong.
            let next = till.pay(&order, card).await;
            assert_eq!(next.body["attemptsLeft"], 1, "{fault:?}: {}", next.body);
            till.settle().await;
            till.assert_sound().await;
        }
    }
}

#[tokio::test]
async fn a_capture_is_made_once() {
    for fault in passing() {
        for times in TIMES {
            let till = Till::open().await;
            let (order, ticket) = till.order().await;
            till.stripe.plan_times(Call::Capture, fault.clone(), times);
            assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
            till.recover().await;
            assert_eq!(till.statuses(&order).await, "captured", "{fault:?}");
            assert_eq!(till.ticket_status(&ticket).await, "sold");
            let moved = till.moved(&order);
            assert_eq!(moved, format!("authorize {TOTAL}, capture {TOTAL}"));
            till.assert_sound().await;
            till.assert_nothing_is_under_way().await;
        }
    }
}

#[tokio::test]
async fn a_release_is_made_once() {
    for fault in passing() {
        for times in TIMES {
            let till = Till::open().await;
            let (order, ticket) = till.order().await;
            till.stripe.plan_times(Call::Cancel, fault.clone(), times);
            assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
            // Before orders hears of the payment.
            assert_eq!(till.cancel(&order).await.status, 204);
            till.recover().await;
            assert_eq!(till.statuses(&order).await, "voided", "{fault:?}");
            assert_eq!(till.ticket_status(&ticket).await, "available");
            let moved = till.moved(&order);
            assert_eq!(moved, format!("authorize {TOTAL}, release {TOTAL}"));
            till.assert_sound().await;
            till.assert_nothing_is_under_way().await;
        }
    }
}

#[tokio::test]
async fn a_look_that_fails_changes_nothing() {
    for fault in passing() {
        for (call, times) in [(Call::Retrieve, 3), (Call::List, 1)] {
            let till = Till::open().await;
            let (order, _) = till.order().await;
            // It is looked for in the second round.
            till.stripe.plan(Call::Create, Fault::FailAfter);
            till.stripe.plan_times(call, fault.clone(), times);
            assert_eq!(till.pay(&order, "tok_visa").await.status, 202);
            till.recover().await;
            assert_eq!(till.statuses(&order).await, "captured", "{fault:?}");
            let moved = till.moved(&order);
            assert_eq!(moved, format!("authorize {TOTAL}, capture {TOTAL}"));
            till.assert_sound().await;
        }
    }
}

#[tokio::test]
async fn a_failure_is_repeated_under_its_key_so_that_the_next_round_looks_first_and_has_another() {
    for (fault, creates) in [(Fault::FailAfter, 1), (Fault::FailBefore, 2)] {
        let till = Till::open().await;
        till.stripe.webhooks().mode(Mode::Drop);
        let (order, _) = till.order().await;
        till.stripe.plan(Call::Create, fault.clone());
        let payment = till.pay(&order, "tok_visa").await.text("id");
        till.stripe.plan(Call::Capture, fault);
        till.recover().await;
        let named = |call: &str, rounds: usize| -> Vec<String> {
            let rounds = 0..rounds;
            rounds
                .map(|round| format!("tessera-{call}-{payment}-{round}"))
                .collect()
        };
        assert_eq!(keys(&till, Call::Create), named("authorize", creates));
        assert_eq!(keys(&till, Call::Capture), named("capture", creates));
        let looked = till.stripe.requests();
        let looked = looked.iter().filter(|one| one.call == Some(Call::List));
        assert!(looked.count() >= 1);
        assert_eq!(
            till.moved(&order),
            format!("authorize {TOTAL}, capture {TOTAL}")
        );
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn what_was_lost_is_asked_for_again_under_the_same_key() {
    let lost = [Fault::DropBefore, Fault::DropAfter, Fault::Unavailable];
    for fault in lost.into_iter().chain([Fault::KeyInUse, Fault::Malformed]) {
        let till = Till::open().await;
        till.stripe.webhooks().mode(Mode::Drop);
        let (order, _) = till.order().await;
        till.stripe.plan_times(Call::Create, fault.clone(), 2);
        let payment = till.pay(&order, "tok_visa").await.text("id");
        till.stripe.plan_times(Call::Capture, fault.clone(), 2);
        till.recover().await;
        for (call, name) in [(Call::Create, "authorize"), (Call::Capture, "capture")] {
            let key = format!("tessera-{name}-{payment}-0");
            assert_eq!(keys(&till, call), vec![key; 3], "{fault:?}");
        }
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn an_outage_of_everything_is_waited_for() {
    let till = Till::open().await;
    let (paid, _) = till.order().await;
    let (ended, _) = till.order().await;
    assert_eq!(till.pay(&paid, "tok_visa").await.status, 201);
    assert_eq!(till.pay(&ended, "tok_visa").await.status, 201);
    assert_eq!(till.cancel(&ended).await.status, 204);
    till.stripe.plan_always(Call::Any, Fault::Unavailable);
    let (late, _) = till.order().await;
    assert_eq!(till.pay(&late, "tok_visa").await.status, 202);
    for _ in 0..30 {
        till.pass(20).await;
    }
    assert_eq!(till.moved(&paid), format!("authorize {TOTAL}"));
    till.stripe.clear_plan();
    till.recover().await;
    for order in [&paid, &late] {
        assert_eq!(till.statuses(order).await, "captured");
    }
    assert_eq!(till.statuses(&ended).await, "voided");
    till.assert_sound().await;
    till.assert_nothing_is_under_way().await;
}
