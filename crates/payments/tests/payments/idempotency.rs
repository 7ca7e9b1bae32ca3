//! The `Idempotency-Key` of an attempt to pay: the first answer again, after a crash too.

use serde_json::json;
use tessera_contracts::PaymentId;
use tessera_payments::testing::{Call, Fault, Gate};
use tessera_platform::testing::{forbid, permit};

use crate::support::{DECLINED, Payments, completed, payment};

#[tokio::test]
async fn the_same_key_gets_the_same_answer_and_pays_once() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let first = payments.pay_under("k1", &order, "tok_visa").await;
    let again = payments.pay_under("k1", &order, "tok_visa").await;
    assert_eq!((first.status, again.status), (first.status, first.status));
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(first.header("idempotency-replayed"), "");
    payments.app.publish(completed(&order)).await;
    let late = payments.pay_under("k1", &order, "tok_visa").await;
    assert_eq!((late.status, &late.body), (first.status, &first.body));
    assert_eq!(
        payments.book().await,
        ["authorize 12000 usd", "capture 12000 usd"]
    );
}

#[tokio::test]
async fn a_decline_is_answered_again_and_uses_one_attempt() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let first = payments.pay_under("k1", &order, DECLINED).await;
    let again = payments.pay_under("k1", &order, DECLINED).await;
    assert_eq!(first.body["attemptsLeft"], json!(2));
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(payments.book().await, ["decline 12000 usd"]);
}

#[tokio::test]
async fn a_refusal_is_answered_again() {
    let payments = Payments::start().await;
    let (order, _) = payments.authorized().await;
    let first = payments.pay_under("k1", &order, "tok_visa").await;
    let again = payments.pay_under("k1", &order, "tok_visa").await;
    assert_eq!(first.text("code"), "already_paid");
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
}

#[tokio::test]
async fn a_key_counts_for_one_body() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    payments.pay_under("k1", &order, DECLINED).await;
    let other = payments.pay_under("k1", &order, "tok_visa").await;
    assert_eq!(other.status, 422);
    assert_eq!(other.text("code"), "idempotency_key_reused");
    assert_eq!(payments.book().await, ["decline 12000 usd"]);
}

#[tokio::test]
async fn a_twin_of_a_payment_under_way_is_told_so() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let gate = Gate::closed();
    payments
        .faults
        .plan(Call::Authorize, Fault::HoldRequest(gate.clone()));
    let twin = async {
        gate.reached().await;
        let twin = payments.pay_under("k1", &order, "tok_visa").await;
        gate.open();
        twin
    };
    let (first, twin) = tokio::join!(payments.pay_under("k1", &order, "tok_visa"), twin);
    assert_eq!(
        (first.status, twin.status),
        (201.try_into().unwrap(), 409.try_into().unwrap())
    );
    assert_eq!(twin.text("code"), "idempotency_in_progress");
    assert_eq!(payments.book().await, ["authorize 12000 usd"]);
}

/// Cuts a request off at the gate, as a crash would.
async fn cut_off(payments: &Payments, order: &tessera_contracts::events::OrderState, gate: Gate) {
    tokio::select! {
        answer = payments.pay_under("k1", order, "tok_visa") => panic!("{answer:?}"),
        () = gate.reached() => {}
    }
}

#[tokio::test]
async fn a_request_that_was_cut_off_is_finished_by_the_worker_and_its_key_answers() {
    let held: [fn(Gate) -> Fault; 2] = [Fault::HoldRequest, Fault::HoldAnswer];
    for hold in held {
        let payments = Payments::start().await;
        let order = payments.awaiting_payment().await;
        let gate = Gate::closed();
        payments.faults.plan(Call::Authorize, hold(gate.clone()));
        cut_off(&payments, &order, gate).await;

        payments.pass_millis(14_999).await;
        assert_eq!(payments.statuses(&order).await, ["processing"]);
        let pending = payments.pay_under("k1", &order, "tok_visa").await;
        assert_eq!(pending.text("code"), "idempotency_in_progress");

        payments.pass_millis(1).await;
        let answer = payments.pay_under("k1", &order, "tok_visa").await;
        assert_eq!(
            answer.shown(),
            json!({ "status": 201, "body": payment("authorized") })
        );
        assert_eq!(answer.header("idempotency-replayed"), "true");
        assert_eq!(
            payments.status(answer.id::<PaymentId>()).await,
            "authorized"
        );
        assert_eq!(payments.published().await, ["payment:created"]);
        assert_eq!(payments.book().await, ["authorize 12000 usd"]);
    }
}

#[tokio::test]
async fn an_outcome_that_could_not_be_recorded_is_asked_for_again() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let db = payments.app.db("payments");
    for (table, operation) in [
        ("payments", "UPDATE"),
        ("outbox", "INSERT"),
        ("idempotency_keys", "UPDATE"),
    ] {
        let order = if table == "payments" {
            order.clone()
        } else {
            payments.awaiting_payment().await
        };
        forbid(db, table, operation).await;
        let failed = payments.pay_under(table, &order, "tok_visa").await;
        assert_eq!(failed.status, 500, "{table}");
        assert_eq!(payments.statuses(&order).await, ["processing"], "{table}");
        permit(db, table, operation).await;
        payments.pass_millis(15_000).await;
        let answer = payments.pay_under(table, &order, "tok_visa").await;
        assert_eq!(answer.status, 201, "{table}");
        assert_eq!(payments.statuses(&order).await, ["authorized"], "{table}");
    }
    assert_eq!(payments.book().await, ["authorize 12000 usd"; 3]);
    assert_eq!(payments.published().await, ["payment:created"; 3]);
}
