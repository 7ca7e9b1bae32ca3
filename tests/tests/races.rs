//! Who wins when two things happen at once: always exactly one of them, and the other one knows.
//!
//! Each of these fails when the guard behind it is taken out: see `proof/bugs`.
#![cfg(test)]

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;
use tessera_platform::testing::{Answer, TestUser};
use tessera_tests::market::{Market, count};
use tokio::task::JoinSet;

/// Does the same thing as many people at once, on all threads.
async fn all_at_once<F>(times: usize, mut act: impl FnMut(usize) -> F) -> Vec<Answer>
where
    F: Future<Output = Answer> + Send + 'static,
{
    let start = Arc::new(tokio::sync::Barrier::new(times));
    let mut tasks = JoinSet::new();
    for index in 0..times {
        let (start, act) = (start.clone(), act(index));
        tasks.spawn(async move {
            start.wait().await;
            act.await
        });
    }
    tasks.join_all().await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_200_buyers_at_one_ticket_exactly_one_gets_it() {
    let market = Market::open().await;
    let ticket = market.list().await;
    let buyers: Vec<TestUser> = (0..200).map(|_| market.app.sign_in()).collect();
    let answers = all_at_once(200, |index| {
        let (market, buyer, ticket) = (market.clone(), buyers[index].clone(), ticket.clone());
        async move { market.reserve(&buyer, &ticket).await }
    });
    let answers = answers.await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 199));
    market.app.settle().await;
    let winner = answers.iter().find(|answer| answer.status == 201).unwrap();
    let held = market.ticket(&ticket).await;
    assert_eq!(
        (&held["status"], &held["orderId"]),
        (&json!("reserved"), &winner.body["id"])
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_buyer_pays_the_price_that_they_saw_however_the_seller_edits_meanwhile() {
    let market = Market::open().await;
    let (mut locked, mut edited) = (0, 0);
    for round in 0..40 {
        let buyer = market.app.sign_in();
        let ticket = market.list().await;
        let path = format!("/api/tickets/{ticket}");
        let edit = market
            .app
            .put(&path, json!({ "price": "150.00" }))
            .by(&market.seller)
            .send();
        // Before the order, between the order and its lock, and while the lock is on its way.
        let (order, edit) = match round % 3 {
            0 => tokio::join!(market.reserve(&buyer, &ticket), edit),
            1 => {
                let order = market.reserve(&buyer, &ticket).await;
                (order, edit.await)
            }
            _ => {
                let order = market.reserve(&buyer, &ticket).await;
                let (edit, ()) = tokio::join!(edit, market.app.settle());
                (order, edit)
            }
        };
        market.app.settle().await;
        let order = market.order(&buyer, &order.text("id")).await;
        let ticket = market.ticket(&ticket).await;
        if edit.status == 200 {
            edited += 1;
            assert_eq!(
                (&order["status"], &order["cancelReason"]),
                (&json!("cancelled"), &json!("ticket_changed"))
            );
            assert_eq!(
                (&ticket["status"], &ticket["price"]),
                (&json!("available"), &json!("150.00"))
            );
        } else {
            locked += 1;
            assert_eq!(edit.status, 409, "{}", edit.body);
            assert_eq!(
                (&order["status"], &order["price"]),
                (&json!("awaiting:payment"), &json!("120.00"))
            );
            assert_eq!(
                (&ticket["status"], &ticket["price"]),
                (&json!("reserved"), &json!("120.00"))
            );
        }
    }
    assert!(edited > 0, "the edit never won: {locked} locks");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_ticket_is_either_withdrawn_or_reserved() {
    let market = Market::open().await;
    for round in 0..30 {
        let buyer = market.app.sign_in();
        let ticket = market.list().await;
        let path = format!("/api/tickets/{ticket}");
        let withdraw = market.app.delete(&path).by(&market.seller).send();
        let (order, withdrawal) = if round % 2 == 0 {
            tokio::join!(market.reserve(&buyer, &ticket), withdraw)
        } else {
            let order = market.reserve(&buyer, &ticket).await;
            let (withdrawal, ()) = tokio::join!(withdraw, market.app.settle());
            (order, withdrawal)
        };
        market.app.settle().await;
        let order = market.order(&buyer, &order.text("id")).await;
        let ticket = market.ticket(&ticket).await;
        if withdrawal.status == 204 {
            assert_eq!(
                (&order["status"], &order["cancelReason"]),
                (&json!("cancelled"), &json!("ticket_changed"))
            );
            assert_eq!(ticket["status"], "withdrawn");
        } else {
            assert_eq!(withdrawal.status, 409, "{}", withdrawal.body);
            assert_eq!(
                (&order["status"], &ticket["status"]),
                (&json!("awaiting:payment"), &json!("reserved"))
            );
        }
    }
}

/// Either the order is complete and its money captured, or it has ended and nothing was taken.
async fn paid_or_ended(market: &Market, buyer: &TestUser, order: &str, reason: &str) -> bool {
    let shown = market.order(buyer, order).await;
    let payments = market.payments(buyer, order).await;
    if shown["status"] == "complete" {
        assert_eq!(payments, ["captured"]);
        return true;
    }
    assert_eq!(
        (&shown["status"], &shown["cancelReason"]),
        (&json!("cancelled"), &json!(reason))
    );
    assert!(
        payments.is_empty() || payments == ["voided"],
        "{payments:?}"
    );
    false
}

#[tokio::test]
async fn a_payment_a_millisecond_before_the_deadline_counts_and_one_at_the_deadline_is_refused() {
    let market = Market::open().await;
    let buyer = market.app.sign_in();

    let early = market.awaiting_payment(&buyer).await;
    market
        .app
        .hand
        .advance(SignedDuration::from_millis(900_000 - 1));
    assert_eq!(market.pay(&buyer, &early, "tok_visa").await.status, 201);
    market.app.settle().await;
    assert!(paid_or_ended(&market, &buyer, &early, "expired").await);
    market.app.pass(SignedDuration::from_secs(5)).await;
    assert!(paid_or_ended(&market, &buyer, &early, "expired").await);

    let late = market.awaiting_payment(&buyer).await;
    market
        .app
        .hand
        .advance(SignedDuration::from_millis(900_000));
    let refused = market.pay(&buyer, &late, "tok_visa").await;
    assert_eq!(
        (refused.status.as_u16(), refused.text("code")),
        (409, "order_expired".to_owned())
    );
    market.app.settle().await;
    assert!(!paid_or_ended(&market, &buyer, &late, "expired").await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_payment_that_was_accepted_in_time_and_the_expiry_never_both_happen() {
    let market = Market::open_with(|settings| settings.max_live_orders = None).await;
    for round in 0..20 {
        let buyer = market.app.sign_in();
        let order = market.awaiting_payment(&buyer).await;
        market
            .app
            .hand
            .advance(SignedDuration::from_millis(900_000 - 1));
        if round % 2 == 0 {
            // Accepted in time, and heard of only when the deadline has passed.
            assert_eq!(market.pay(&buyer, &order, "tok_visa").await.status, 201);
            market.app.hand.advance(SignedDuration::from_millis(1));
        } else {
            let expiry = async {
                market.app.hand.advance(SignedDuration::from_millis(1));
                market.app.settle().await;
            };
            tokio::join!(market.pay(&buyer, &order, "tok_visa"), expiry);
        }
        market.app.settle().await;
        paid_or_ended(&market, &buyer, &order, "expired").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_payment_and_a_cancellation_never_both_happen() {
    let market = Market::open().await;
    let (mut paid, mut ended) = (0, 0);
    for round in 0..30 {
        let buyer = market.app.sign_in();
        let order = market.awaiting_payment(&buyer).await;
        let (payment, cancellation) = if round % 2 == 0 {
            tokio::join!(
                market.pay(&buyer, &order, "tok_visa"),
                market.cancel(&buyer, &order)
            )
        } else {
            // Authorized, but orders has not heard of it.
            let payment = market.pay(&buyer, &order, "tok_visa").await;
            let (cancellation, ()) =
                tokio::join!(market.cancel(&buyer, &order), market.app.settle());
            (payment, cancellation)
        };
        market.app.settle().await;
        assert!(
            [201, 409].contains(&payment.status.as_u16()),
            "{}",
            payment.body
        );
        if paid_or_ended(&market, &buyer, &order, "cancelled_by_buyer").await {
            assert_eq!(cancellation.status, 409);
            paid += 1;
        } else {
            assert_eq!(cancellation.status, 204);
            ended += 1;
        }
    }
    assert!(ended > 0, "the cancellation never won: {paid} were paid");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_16_payments_of_one_order_one_is_taken() {
    let market = Market::open().await;
    let buyer = market.app.sign_in();
    let order = market.awaiting_payment(&buyer).await;
    let answers = all_at_once(16, |_| {
        let (market, buyer, order) = (market.clone(), buyer.clone(), order.clone());
        async move { market.pay(&buyer, &order, "tok_visa").await }
    });
    let answers = answers.await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 15));
    market.app.settle().await;
    assert_eq!(market.payments(&buyer, &order).await, ["captured"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_16_sign_ups_with_one_address_one_succeeds() {
    let market = Market::open().await;
    let answers = all_at_once(16, |index| {
        let market = market.clone();
        let email = if index % 2 == 0 {
            "ada@example.com"
        } else {
            "ADA@Example.com"
        };
        async move {
            let body = json!({ "email": email, "password": "correct horse" });
            market.app.post("/api/users/signup", body).send().await
        }
    });
    let answers = answers.await;
    assert_eq!((count(&answers, 201), count(&answers, 409)), (1, 15));
}
