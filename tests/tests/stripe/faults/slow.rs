//! Stripe takes longer than anybody waits.

use std::time::Duration;

use stripe_double::{Call, Fault, Mode};
use tessera_platform::config::Settings;

use super::keys;
use crate::till::{TOTAL, Till};

/// Its client gives up soon. The time in which it does is real.
async fn impatient() -> Till {
    let soon = Duration::from_secs(1);
    let in_haste = |settings: &mut Settings| {
        if let Some(stripe) = &mut settings.stripe {
            stripe.answer_within = soon;
        }
    };
    Till::open_with(in_haste).await
}

#[tokio::test]
async fn an_authorization_whose_answer_hangs_is_found_out_about() {
    let till = impatient().await;
    till.stripe.webhooks().mode(Mode::Drop);
    let (order, _) = till.order().await;
    till.stripe
        .plan(Call::Create, Fault::HangAfter { ms: None });
    let payment = till.pay(&order, "tok_visa").await;
    assert_eq!(payment.status, 202, "{}", payment.body);
    till.recover().await;
    till.stripe.release();
    till.recover().await;
    assert_eq!(till.statuses(&order).await, "captured");
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, capture {TOTAL}")
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn while_stripe_still_acts_a_twin_does_not() {
    let till = impatient().await;
    till.stripe.webhooks().mode(Mode::Drop);
    let (order, _) = till.order().await;
    till.stripe
        .plan(Call::Create, Fault::HangInside { ms: None });
    let payment = till.pay(&order, "tok_visa").await;
    assert_eq!(payment.status, 202, "{}", payment.body);
    till.pass(1).await;
    assert_eq!(till.statuses(&order).await, "processing");
    assert!(keys(&till, Call::Create).len() > 1);
    till.stripe.release();
    till.recover().await;
    assert_eq!(till.statuses(&order).await, "captured");
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, capture {TOTAL}")
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn what_arrives_long_after_its_order_ended_is_released() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    till.stripe
        .plan(Call::Create, Fault::HangInside { ms: None });
    let (asked, ()) = tokio::join!(till.pay(&order, "tok_visa"), async {
        till.stripe.until_hanging(1).await;
        assert_eq!(till.cancel(&order).await.status, 204);
        till.settle().await;
        till.stripe.release();
    });
    assert_eq!(asked.status, 409, "{}", asked.body);
    till.settle().await;
    assert_eq!(till.statuses(&order).await, "voided");
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, release {TOTAL}")
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn a_capture_whose_answer_hangs_is_found_out_about() {
    let till = impatient().await;
    let (order, _) = till.order().await;
    till.stripe
        .plan(Call::Capture, Fault::HangAfter { ms: None });
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    till.settle().await;
    till.stripe.release();
    till.recover().await;
    assert_eq!(till.statuses(&order).await, "captured");
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, capture {TOTAL}")
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn while_stripe_still_gives_back_a_look_that_fails_begins_no_twin() {
    let till = impatient().await;
    till.stripe.webhooks().mode(Mode::Drop);
    let (order, _, _) = till.sold().await;
    till.stripe
        .plan(Call::Refund, Fault::HangInside { ms: None });
    till.give_back(&order, Some("23.00")).await.unwrap();
    tokio::join!(till.settle(), async {
        till.stripe.until_hanging(1).await;
        till.stripe.plan(Call::ListRefunds, Fault::FailBefore);
    });
    till.pass(1).await;
    till.pass(4).await;
    assert!(keys(&till, Call::Refund).len() > 1);
    till.stripe.release();
    till.recover().await;
    let mut keys = keys(&till, Call::Refund);
    keys.dedup();
    assert_eq!(keys.len(), 1, "{keys:?}");
    assert_eq!(till.stripe.refunds().len(), 1);
    till.assert_sound().await;
}
