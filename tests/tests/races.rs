//! Who wins when two things happen at once: always exactly one of them, and the other one knows.
//!
//! Each of these fails when the guard behind it is taken out: see `proof/bugs`.
#![cfg(test)]

use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;
use tessera_platform::testing::{Answer, TestUser};
use tessera_tests::market::{Market, Moment, count};
use tokio::task::JoinSet;

/// How often two things meet in one test, each time at another moment.
const ROUNDS: usize = 40;

/// After so many rounds it is no accident that the same one wins each time.
const MOST_ROUNDS: usize = 10 * ROUNDS;

/// Two who meet, round after round. A race that the same one wins each time shows nothing, and no more
/// does a round in which one was through before the other began: so it goes on until each of them has
/// won while both ran at once.
#[derive(Debug)]
struct Race {
    names: [&'static str; 2],
    won: [usize; 2],
    won_at_once: [usize; 2],
    round: usize,
    /// How late the second one comes, in looks at the marketplace.
    late: usize,
}

impl Race {
    /// Between one whose events travel, and one that comes meanwhile.
    fn between(travels: &'static str, comes: &'static str) -> Race {
        Race {
            names: [travels, comes],
            won: [0; 2],
            won_at_once: [0; 2],
            round: 0,
            late: 0,
        }
    }

    /// The number of the next round, and when the two meet in it.
    fn next_round(&mut self) -> Option<(usize, Moment)> {
        let round = self.round;
        if round >= ROUNDS && self.won_at_once.iter().all(|won| *won > 0) {
            println!("{self:?}");
            return None;
        }
        assert!(round < MOST_ROUNDS, "{self:?}");
        self.round += 1;
        let moment = if round < ROUNDS {
            Moment::of(round, ROUNDS)
        } else {
            Moment::Amid(self.late)
        };
        Some((round, moment))
    }

    fn won_by(&mut self, winner: &str, at_once: bool) {
        let winner = self.names.iter().position(|name| *name == winner);
        let winner = winner.expect("one of the two");
        // Whoever came first by much comes nearer: how long events travel is the machine's own affair.
        self.late = match winner {
            0 => self.late.saturating_sub(1),
            _ => self.late + 1,
        };
        self.won[winner] += 1;
        self.won_at_once[winner] += usize::from(at_once);
    }
}

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
    let market = Market::open_with(|settings| settings.max_live_orders = None).await;
    let mut race = Race::between("lock", "edit");
    while let Some((round, moment)) = race.next_round() {
        let buyer = market.app.sign_in();
        let ticket = market.list().await;
        let path = format!("/api/tickets/{ticket}");
        let edit = market.app.put(&path, json!({ "price": "150.00" }));
        let edit = edit.by(&market.seller).send();
        let (order, (edit, at_once)) = if round % 4 == 1 {
            // The order is heard of when the edit is through.
            let (order, edit) = tokio::join!(market.reserve(&buyer, &ticket), edit);
            (order, (edit, false))
        } else {
            let order = market.reserve(&buyer, &ticket).await;
            (order, market.meanwhile(moment, edit).await)
        };
        market.app.settle().await;
        let order = market.order(&buyer, &order.text("id")).await;
        let ticket = market.ticket(&ticket).await;
        let order = json!([order["status"], order["cancelReason"], order["price"]]);
        let ticket = json!([ticket["status"], ticket["price"]]);
        if edit.status == 200 {
            race.won_by("edit", at_once);
            assert_eq!(order, json!(["cancelled", "ticket_changed", "120.00"]));
            assert_eq!(ticket, json!(["available", "150.00"]));
        } else {
            race.won_by("lock", at_once);
            assert_eq!(edit.status, 409, "{}", edit.body);
            assert_eq!(order, json!(["awaiting:payment", null, "120.00"]));
            assert_eq!(ticket, json!(["reserved", "120.00"]));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_ticket_is_either_withdrawn_or_reserved() {
    let market = Market::open_with(|settings| settings.max_live_orders = None).await;
    let mut race = Race::between("lock", "withdrawal");
    while let Some((round, moment)) = race.next_round() {
        let buyer = market.app.sign_in();
        let ticket = market.list().await;
        let path = format!("/api/tickets/{ticket}");
        let withdraw = market.app.delete(&path).by(&market.seller).send();
        let (order, (withdrawal, at_once)) = if round % 4 == 1 {
            // The order is heard of when the withdrawal is through.
            let (order, withdrawal) = tokio::join!(market.reserve(&buyer, &ticket), withdraw);
            (order, (withdrawal, false))
        } else {
            let order = market.reserve(&buyer, &ticket).await;
            (order, market.meanwhile(moment, withdraw).await)
        };
        market.app.settle().await;
        let order = market.order(&buyer, &order.text("id")).await;
        let ticket = market.ticket(&ticket).await;
        let both = json!([order["status"], order["cancelReason"], ticket["status"]]);
        if withdrawal.status == 204 {
            race.won_by("withdrawal", at_once);
            assert_eq!(both, json!(["cancelled", "ticket_changed", "withdrawn"]));
        } else {
            race.won_by("lock", at_once);
            assert_eq!(withdrawal.status, 409, "{}", withdrawal.body);
            assert_eq!(both, json!(["awaiting:payment", null, "reserved"]));
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
    market.nudge(&early).await;
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
    let mut race = Race::between("payment", "expiry");
    while let Some((round, moment)) = race.next_round() {
        let buyer = market.app.sign_in();
        let order = market.awaiting_payment(&buyer).await;
        let hand = &market.app.hand;
        hand.advance(SignedDuration::from_millis(900_000 - 1));
        let payment = market.pay(&buyer, &order, "tok_visa");
        let deadline = SignedDuration::from_millis(1);
        let (payment, at_once) = if round % 4 == 1 {
            let expiry = async {
                hand.advance(deadline);
                market.app.settle().await;
            };
            let (payment, ()) = tokio::join!(payment, expiry);
            (payment, false)
        } else {
            // Accepted in time, and heard of only when the deadline has passed.
            let payment = payment.await;
            assert_eq!(payment.status, 201, "{}", payment.body);
            hand.advance(deadline);
            let ((), at_once) = market.meanwhile(moment, market.nudge(&order)).await;
            (payment, at_once)
        };
        market.app.settle().await;
        if paid_or_ended(&market, &buyer, &order, "expired").await {
            assert_eq!(payment.status, 201);
            race.won_by("payment", at_once);
        } else {
            race.won_by("expiry", at_once);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_payment_and_a_cancellation_never_both_happen() {
    let market = Market::open_with(|settings| settings.max_live_orders = None).await;
    let mut race = Race::between("payment", "cancellation");
    while let Some((round, moment)) = race.next_round() {
        let buyer = market.app.sign_in();
        let order = market.awaiting_payment(&buyer).await;
        let (pay, cancel) = (
            market.pay(&buyer, &order, "tok_visa"),
            market.cancel(&buyer, &order),
        );
        let (payment, (cancellation, at_once)) = match round % 4 {
            1 => {
                // Orders hears of the payment when the cancellation is through.
                let (payment, cancellation) = tokio::join!(pay, cancel);
                (payment, (cancellation, false))
            }
            2 => {
                // Payments has not heard of the end, or hears of it while it asks the gateway.
                let cancellation = cancel.await;
                let (payment, _) = market.meanwhile(moment, pay).await;
                (payment, (cancellation, false))
            }
            _ => {
                // Authorized, but orders has not heard of it.
                let payment = pay.await;
                (payment, market.meanwhile(moment, cancel).await)
            }
        };
        market.app.settle().await;
        assert!(
            [201, 409].contains(&payment.status.as_u16()),
            "{}",
            payment.body
        );
        if paid_or_ended(&market, &buyer, &order, "cancelled_by_buyer").await {
            assert_eq!(cancellation.status, 409);
            race.won_by("payment", at_once);
        } else {
            assert_eq!(cancellation.status, 204);
            race.won_by("cancellation", at_once);
        }
    }
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
