//! The comparison with Stripe: what a lost answer, a lost write or somebody's hand left behind is mended where that is safe,
//! and told of where it is not.

use stripe_double::{Call, Fault, Mode};

use crate::till::{TOTAL, Till};

/// A till whose Stripe tells nothing: all is found by looking.
async fn deaf() -> Till {
    let till = Till::open().await;
    till.stripe.webhooks().mode(Mode::Drop);
    // The time begins when it has begun to work.
    till.settle().await;
    till
}

/// Makes an intent past the marketplace, that says to be of a payment of ours.
async fn stray(till: &Till, more: &[(&str, &str)]) -> String {
    let payment = till.market.app.ids.next().to_string();
    let order = till.market.app.ids.next().to_string();
    let mut form = vec![
        ("amount", "5000"),
        ("currency", "usd"),
        ("allowed_payment_method_types[]", "card"),
        ("metadata[tessera_payment]", payment.as_str()),
        ("metadata[tessera_order]", order.as_str()),
    ];
    form.extend_from_slice(more);
    let key = till.stripe.secret_key().to_owned();
    let (status, made) = till.ask_stripe("/v1/payment_intents", &form, &key).await;
    assert_eq!(status, 200, "{made}");
    made["id"].as_str().unwrap().to_owned()
}

const HELD: [(&str, &str); 3] = [
    ("capture_method", "manual"),
    ("confirm", "true"),
    ("payment_method", "pm_card_visa"),
];

fn status_of(till: &Till, intent: &str) -> String {
    let intents = till.stripe.intents().into_iter();
    let mut found = intents.filter(|one| one["id"] == *intent);
    found.next().unwrap()["status"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_no_payment_stands_for_is_released() {
    for mode in [Mode::Deliver, Mode::Drop] {
        let till = Till::open().await;
        till.stripe.webhooks().mode(mode);
        let secured = [HELD[0], HELD[1], ("payment_method", crate::till::SECURED)];
        let all = [
            stray(&till, &HELD).await,
            stray(&till, &[]).await,
            stray(&till, &secured).await,
        ];
        till.settle().await;
        if mode == Mode::Drop {
            till.pass(30).await;
        }
        for intent in &all {
            assert_eq!(status_of(&till, intent), "canceled", "{mode:?}");
        }
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn it_is_released_also_when_the_first_tries_fail() {
    for fault in [Fault::FailBefore, Fault::FailAfter, Fault::DropAfter] {
        let till = deaf().await;
        let intent = stray(&till, &HELD).await;
        till.stripe.plan(Call::Cancel, fault);
        till.pass(30).await;
        till.reconcile().await;
        assert_eq!(status_of(&till, &intent), "canceled");
        assert_eq!(till.verdicts().await, ["agree"]);
        till.assert_sound().await;
    }
}

#[tokio::test]
async fn one_that_cannot_be_released_does_not_keep_the_others() {
    let till = deaf().await;
    let (older, newer) = (stray(&till, &HELD).await, stray(&till, &HELD).await);
    till.stripe.plan(Call::Cancel, Fault::FailBefore);
    till.pass(30).await;
    assert_eq!(status_of(&till, &newer), "requires_capture");
    assert_eq!(status_of(&till, &older), "canceled");
    till.reconcile().await;
    till.assert_sound().await;
}

#[tokio::test]
async fn what_was_charged_for_no_payment_is_told_and_left() {
    let till = deaf().await;
    let charged = [HELD[1], HELD[2]];
    stray(&till, &charged).await;
    till.pass(30).await;
    assert_eq!(
        till.verdicts().await,
        ["differ: it was charged, and no payment stands for it"]
    );
    assert_eq!(till.stripe.refunds().len(), 0);
    till.assert_books_are_sound().await;
}

#[tokio::test]
async fn it_is_found_behind_pages_of_what_is_not_ours() {
    let till = deaf().await;
    let intent = stray(&till, &HELD).await;
    let key = till.stripe.secret_key().to_owned();
    let foreign = [
        ("amount", "5000"),
        ("currency", "usd"),
        ("allowed_payment_method_types[]", "card"),
    ];
    for _ in 0..210 {
        till.ask_stripe("/v1/payment_intents", &foreign, &key).await;
    }
    till.pass(30).await;
    assert_eq!(status_of(&till, &intent), "canceled");
    till.assert_sound().await;
}

#[tokio::test]
async fn a_release_that_never_arrived_is_made() {
    let till = deaf().await;
    let (order, _) = till.order().await;
    till.stripe.plan(Call::Cancel, Fault::Unavailable);
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    assert_eq!(till.cancel(&order).await.status, 204);
    till.settle().await;
    till.damage(
        "UPDATE payments SET status = 'voided', intent = NULL, intent_at = NULL WHERE intent = 'void'"
            .to_owned(),
    )
    .await;
    till.pass(30).await;
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, release {TOTAL}")
    );
    assert_eq!(till.verdicts().await, ["agree"]);
    till.assert_sound().await;
}

#[tokio::test]
async fn a_declined_intent_that_was_never_closed_is() {
    let till = deaf().await;
    let (order, _) = till.order().await;
    till.stripe.plan(Call::Cancel, Fault::Unavailable);
    assert_eq!(till.pay(&order, "tok_chargeDeclined").await.status, 402);
    till.settle().await;
    till.damage(
        "UPDATE payments SET intent = NULL, intent_at = NULL, gateway_id = NULL WHERE status = 'declined'"
            .to_owned(),
    )
    .await;
    assert_eq!(till.intent_statuses(&order), ["requires_payment_method"]);
    till.pass(30).await;
    assert_eq!(till.intent_statuses(&order), ["canceled"]);
    assert_eq!(till.statuses(&order).await, "declined(generic_decline)");
    till.assert_sound().await;
}

/// A complete order that is taken for charged, and is not.
async fn taken_for_charged(till: &Till) -> String {
    let (order, _) = till.order().await;
    till.stripe.plan(Call::Capture, Fault::Unavailable);
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    till.settle().await;
    till.damage(
        "UPDATE payments SET status = 'captured', intent = NULL, intent_at = NULL WHERE intent = 'capture'"
            .to_owned(),
    )
    .await;
    order
}

#[tokio::test]
async fn a_capture_that_never_arrived_is_made_once() {
    let till = deaf().await;
    let order = taken_for_charged(&till).await;
    till.pass(30).await;
    assert_eq!(till.statuses(&order).await, "captured");
    assert_eq!(
        till.moved(&order),
        format!("authorize {TOTAL}, capture {TOTAL}")
    );
    till.reconcile().await;
    assert_eq!(till.verdicts().await, ["agree"]);
    till.assert_sound().await;
}

#[tokio::test]
async fn one_that_can_never_be_made_is_told() {
    let till = deaf().await;
    let order = taken_for_charged(&till).await;
    let intent = till.intents(&order).pop().unwrap();
    till.stripe.cancel_outside(&intent).unwrap();
    till.pass(30).await;
    assert_eq!(
        till.verdicts().await,
        ["differ: it is captured, and Closed at the gateway"]
    );
    assert_eq!(till.statuses(&order).await, "captured");
}

#[tokio::test]
async fn what_stripe_kept_is_noted_when_it_is_known() {
    let till = deaf().await;
    let (order, payment, _) = till.sold().await;
    let name = format!("gateway_fee/{payment}");
    let entries = format!("DELETE FROM entries WHERE transfer = '{name}' AND account = 'fees'");
    till.damage(entries).await;
    till.damage(format!("DELETE FROM entries WHERE transfer = '{name}'"))
        .await;
    till.damage(format!("DELETE FROM transfers WHERE name = '{name}'"))
        .await;
    assert_eq!(till.booked(&order, "gateway_fees").await, 0);
    till.pass(30).await;
    assert_eq!(till.booked(&order, "gateway_fees").await, 387);
    till.reconcile().await;
    assert_eq!(till.booked(&order, "gateway_fees").await, 387);
    till.assert_sound().await;
}

#[tokio::test]
async fn another_amount_is_told_and_left() {
    let till = deaf().await;
    let (order, _) = till.order().await;
    assert_eq!(till.pay(&order, "tok_visa").await.status, 201);
    let intent = till.intents(&order).pop().unwrap();
    // By hand, and less than was held.
    till.capture_part(&intent, "5000").await;
    till.settle().await;
    assert_eq!(
        till.verdicts().await,
        ["differ: it is of 123.00, and at the gateway of 50.00"]
    );
    till.assert_books_are_sound().await;
}

#[tokio::test]
async fn a_refund_by_somebody_else_is_told_and_left() {
    let till = deaf().await;
    let (_, _, intent) = till.sold().await;
    till.stripe.refund_outside(&intent, Some(2_300)).unwrap();
    till.reconcile().await;
    assert_eq!(
        till.verdicts().await,
        ["differ: 0.00 of it were given back, and 23.00 at the gateway"]
    );
    till.assert_books_are_sound().await;
}

#[tokio::test]
async fn it_is_made_half_a_minute_after_the_start_and_then_every_hour() {
    let mut till = deaf().await;
    let runs = |till: &Till| {
        let requests = till.stripe.requests().into_iter();
        requests.filter(|one| one.call == Some(Call::List)).count()
    };
    for (seconds, expected) in [(29, 0), (1, 1), (3_599, 1), (1, 2)] {
        till.pass(seconds).await;
        assert_eq!(runs(&till), expected);
    }
    till = till.restart().await;
    till.settle().await;
    for (seconds, expected) in [(29, 2), (1, 3)] {
        till.pass(seconds).await;
        assert_eq!(runs(&till), expected);
    }
    // One that is not answered is made again in a minute.
    till.stripe.plan(Call::List, Fault::Unavailable);
    for (seconds, expected) in [(3_600, 4), (59, 4), (1, 5), (3_599, 5), (1, 6)] {
        till.pass(seconds).await;
        assert_eq!(runs(&till), expected);
    }
    till.assert_sound().await;
}

#[tokio::test]
async fn what_stripe_does_not_know_is_told() {
    let till = deaf().await;
    let (_, _, intent) = till.sold().await;
    till.sold().await;
    assert_eq!(till.compared().await, [2, 0, 0]);
    let elsewhere = "UPDATE payments SET gateway_id = 'pi_elsewhere'";
    till.damage(format!("{elsewhere} WHERE gateway_id = '{intent}'"))
        .await;
    // Neither it, nor what is charged in its place and stands for nothing.
    assert_eq!(till.compared().await, [1, 0, 2]);
    till.assert_books_are_sound().await;
}
