//! Stripe refuses for good.

use stripe_double::{Call, Fault, Mode};

use crate::till::{TOTAL, Till};

#[tokio::test]
async fn a_capture_that_is_refused_for_good_takes_the_order_back() {
    let till = Till::open().await;
    let (order, ticket) = till.order().await;
    till.stripe.plan(Call::Capture, Fault::RefuseCapture);
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    till.settle().await;
    assert_eq!(till.standing(&order).await, "cancelled: capture_failed");
    assert_eq!(till.ticket_status(&ticket).await, "available");
    assert_eq!(till.ledger().await, [""; 0]);
    // What the buyer's bank still holds is released, too.
    till.reconcile().await;
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, release {TOTAL}")
    );
    let next = till.reserve(&ticket).await;
    assert_eq!(till.pay(&next, "tok_visa").await.status, 201);
    till.settle().await;
    assert_eq!(till.ticket_status(&ticket).await, "sold");
    till.assert_sound().await;
}

#[tokio::test]
async fn an_intent_that_somebody_canceled_is_not_captured() {
    let till = Till::open().await;
    let (order, ticket) = till.order().await;
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    let intent = till.intents(&order).pop().unwrap();
    till.stripe.cancel_outside(&intent).unwrap();
    till.settle().await;
    assert_eq!(till.standing(&order).await, "cancelled: capture_failed");
    assert_eq!(till.statuses(&order).await, "capture_failed");
    assert_eq!(till.ticket_status(&ticket).await, "available");
    till.assert_sound().await;
}

#[tokio::test]
async fn an_answer_that_is_repeated_may_be_out_of_date() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    till.stripe.plan(Call::Create, Fault::DropAfter);
    assert_eq!(till.pay(&order, "tok_visa").await.status, 202);
    // What its key is told is that it is held, and that is no longer so.
    let intent = till.intents(&order).pop().unwrap();
    till.stripe.cancel_outside(&intent).unwrap();
    till.recover().await;
    assert_eq!(till.statuses(&order).await, "declined(not_processed)");
    assert_eq!(till.standing(&order).await, "awaiting:payment");
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    till.settle().await;
    assert_eq!(till.standing(&order).await, "complete");
    till.assert_sound().await;
}

#[tokio::test]
async fn a_key_of_stripe_s_that_was_used_for_something_else_makes_no_second_charge() {
    let till = Till::open().await;
    let (order, _) = till.order().await;
    till.stripe.plan(Call::Create, Fault::DropBefore);
    let payment = till.pay(&order, "tok_visa").await.text("id");
    // As a program of an earlier version would have sent it.
    let key = format!("tessera-authorize-{payment}-0");
    let ours = format!("metadata[tessera_payment]={payment}&metadata[tessera_order]={order}");
    let sent = reqwest::Client::new()
        .post(format!("{}/v1/payment_intents", till.stripe.base_url()))
        .bearer_auth(till.stripe.secret_key())
        .header("idempotency-key", key)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!(
            "amount={TOTAL}&currency=usd&capture_method=manual&confirm=true&description=Hamlet\
             &allowed_payment_method_types[]=card&payment_method=pm_card_visa&{ours}"
        ));
    assert_eq!(sent.send().await.unwrap().status(), 200);
    till.recover().await;
    assert_eq!(till.statuses(&order).await, "captured");
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, capture {TOTAL}")
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn a_key_that_stripe_does_not_take_is_an_outage_and_no_decline() {
    let till = Till::open_with(|settings| {
        if let Some(stripe) = &mut settings.stripe {
            stripe.key = tessera_platform::config::Secret::new("sk_test_revoked");
        }
    })
    .await;
    let (order, _) = till.order().await;
    assert_eq!(till.pay(&order, "tok_visa").await.status, 202);
    till.recover().await;
    assert_eq!(till.statuses(&order).await, "processing");
    assert_eq!(till.standing(&order).await, "awaiting:payment");
    till.assert_sound().await;
}

#[tokio::test]
async fn a_key_of_another_account_ends_nothing() {
    let till = Till::open().await;
    till.stripe.webhooks().mode(Mode::Drop);
    let (order, ticket) = till.order().await;
    for call in [Call::Capture, Call::Retrieve] {
        till.stripe.plan_times(call, Fault::Missing, 3);
    }
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    till.settle().await;
    assert_eq!(till.standing(&order).await, "complete");
    assert_eq!(till.statuses(&order).await, "authorized");
    till.recover().await;
    assert_eq!(till.statuses(&order).await, "captured");
    assert_eq!(till.ticket_status(&ticket).await, "sold");
    till.assert_sound().await;
}

#[tokio::test]
async fn what_was_refused_for_the_moment_is_done_under_another_key() {
    let till = Till::open().await;
    let (released, _) = till.order().await;
    let (returned, _) = till.order().await;
    for order in [&released, &returned] {
        assert_eq!(till.pay(order, "tok_visa").await.status, 201);
    }
    let intent = till.intents(&returned).pop().unwrap();
    till.stripe.capture_outside(&intent).unwrap();
    till.stripe.plan(Call::Cancel, Fault::Refuse);
    till.stripe.plan(Call::Refund, Fault::Refuse);
    for order in [&released, &returned] {
        assert_eq!(till.cancel(order).await.status, 204);
    }
    till.recover().await;
    assert_eq!(till.statuses(&released).await, "voided");
    assert_eq!(till.statuses(&returned).await, "refunded");
    till.assert_sound().await;
    till.assert_nothing_is_under_way().await;
}
