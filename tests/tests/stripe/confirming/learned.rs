//! By which ways it is learned that a payer was with their bank: any one of them suffices.

use stripe_double::{Call, Mode, Outcome};

use crate::till::{TOTAL, Till};

/// What became of an order whose payer was with their bank.
async fn assert_captured(till: &Till, order: &str) {
    assert_eq!(till.standing(order).await, "complete");
    assert_eq!(till.statuses(order).await, "captured");
    assert_eq!(
        till.moved(order),
        format!("authorize {TOTAL}, capture {TOTAL}")
    );
    till.assert_sound().await;
}

#[tokio::test]
async fn by_a_webhook_alone() {
    let till = Till::open().await;
    let (order, _, _) = till.to_be_confirmed().await;
    till.settle().await;
    // No time passes in which it would be asked for.
    till.authenticate(&order, Outcome::Succeed);
    till.settle().await;
    assert_captured(&till, &order).await;
}

#[tokio::test]
async fn by_asking_alone() {
    let till = Till::open().await;
    till.stripe.webhooks().mode(Mode::Drop);
    let (order, _, _) = till.to_be_confirmed().await;
    till.settle().await;
    till.authenticate(&order, Outcome::Succeed);
    till.settle().await;
    assert_eq!(till.statuses(&order).await, "requires_action");
    till.pass(2).await;
    assert_captured(&till, &order).await;
}

#[tokio::test]
async fn by_the_page_alone() {
    let till = Till::open().await;
    till.stripe.webhooks().mode(Mode::Drop);
    let (order, payment, _) = till.to_be_confirmed().await;
    till.settle().await;
    till.authenticate(&order, Outcome::Succeed);
    assert_eq!(till.confirm(&payment).await.status, 201);
    till.settle().await;
    assert_captured(&till, &order).await;
}

#[tokio::test]
async fn by_all_of_them_at_once() {
    let till = Till::open().await;
    let (order, payment, _) = till.to_be_confirmed().await;
    till.authenticate(&order, Outcome::Succeed);
    let (one, other, ()) = tokio::join!(
        till.confirm(&payment),
        till.confirm(&payment),
        till.pass(15)
    );
    assert_eq!((one.status.as_u16(), other.status.as_u16()), (201, 201));
    till.settle().await;
    assert_captured(&till, &order).await;
}

#[tokio::test]
async fn a_decline_is_learned_by_any_of_them_too() {
    for mode in [Mode::Deliver, Mode::Drop] {
        let till = Till::open().await;
        till.stripe.webhooks().mode(mode);
        let (order, _, _) = till.to_be_confirmed().await;
        till.settle().await;
        till.authenticate(&order, Outcome::Fail);
        till.pass(15).await;
        assert_eq!(
            till.statuses(&order).await,
            "declined(payment_intent_authentication_failure)"
        );
        assert_eq!(till.intent_statuses(&order), ["canceled"]);
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn a_page_that_comes_back_too_early_is_told_to_wait() {
    let till = Till::open().await;
    let (order, payment, secret) = till.to_be_confirmed().await;
    let early = till.confirm(&payment).await;
    assert_eq!(
        (early.status.as_u16(), early.text("status")),
        (202, "requires_action".to_owned())
    );
    assert_eq!(early.text("clientSecret"), secret);
    till.authenticate(&order, Outcome::Abandon);
    assert_eq!(till.confirm(&payment).await.status, 202);
    till.authenticate(&order, Outcome::Succeed);
    assert_eq!(till.confirm(&payment).await.status, 201);
    till.settle().await;
    assert_captured(&till, &order).await;
}

#[tokio::test]
async fn a_payer_who_takes_their_time_is_looked_after_every_few_seconds_and_no_oftener() {
    let till = Till::open().await;
    till.stripe.webhooks().mode(Mode::Drop);
    let (order, _, _) = till.to_be_confirmed().await;
    till.settle().await;
    till.stripe.clear_requests();
    for _ in 0..600 {
        till.market
            .app
            .pass(jiff::SignedDuration::from_secs(1))
            .await;
    }
    let looks = till.stripe.requests().into_iter();
    let looks = looks.filter(|one| one.call == Some(Call::Retrieve)).count();
    assert!((40..=44).contains(&looks), "{looks}");
    till.authenticate(&order, Outcome::Succeed);
    till.pass(15).await;
    assert_captured(&till, &order).await;
}
