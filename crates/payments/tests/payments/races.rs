//! What happens at once: payments of one order, its end while it is paid, the request and the worker.

use std::pin::pin;
use std::sync::Arc;

use futures_util::future::join_all;
use tessera_contracts::{CancelReason, PaymentId};
use tessera_payments::testing::{Call, Fault, Gate};
use tessera_platform::db::Durability;
use tessera_platform::params;
use tessera_platform::testing::{Halt, are_several_writers, meet};

use crate::support::{Payments, cancelled, completed, conflict, just_before};

const ENDED: &str = "This order ended before it was paid. Your card is not charged.";

#[tokio::test]
async fn of_sixteen_payments_of_one_order_one_is_made() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let all = join_all((0..16).map(|_| payments.pay(&order, "tok_visa"))).await;
    let (made, refused): (Vec<_>, Vec<_>) = all.iter().partition(|one| one.status == 201);
    assert_eq!((made.len(), refused.len()), (1, 15));
    for answer in refused {
        assert_eq!(answer.status, 409);
        let code = answer.text("code");
        assert!(["payment_under_way", "already_paid"].contains(&code.as_str()));
    }
    assert_eq!(payments.book().await, ["authorize 12000 usd"]);
    payments.app.publish(completed(&order)).await;
    assert_eq!(
        payments.book().await,
        ["authorize 12000 usd", "capture 12000 usd"]
    );
    assert_eq!(
        payments.published().await,
        ["payment:created", "payment:captured"]
    );
}

#[tokio::test]
async fn a_second_payment_is_told_that_one_is_under_way() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let gate = Gate::closed();
    payments
        .faults
        .plan(Call::Authorize, Fault::HoldRequest(gate.clone()));
    let second = async {
        gate.reached().await;
        let answer = payments.pay(&order, "tok_visa").await;
        gate.open();
        answer
    };
    let (first, second) = tokio::join!(payments.pay(&order, "tok_visa"), second);
    assert_eq!(first.status, 201);
    let detail = "A payment of this order is under way already.";
    assert_eq!(second.shown(), conflict("payment_under_way", detail));
}

#[tokio::test]
async fn an_order_that_ends_while_its_card_is_asked_is_not_charged() {
    let held: [fn(Gate) -> Fault; 2] = [Fault::HoldRequest, Fault::HoldAnswer];
    for hold in held {
        let payments = Payments::start().await;
        let order = payments.awaiting_payment().await;
        let gate = Gate::closed();
        payments.faults.plan(Call::Authorize, hold(gate.clone()));
        let end = async {
            gate.reached().await;
            let end = cancelled(&order, CancelReason::CancelledByBuyer);
            payments.app.publish(end).await;
            gate.open();
        };
        let (answer, ()) = tokio::join!(payments.pay(&order, "tok_visa"), end);
        assert_eq!(answer.shown(), conflict("order_cancelled", ENDED));
        payments.app.settle().await;
        assert_eq!(payments.statuses(&order).await, ["voided"]);
        assert_eq!(payments.published().await, ["payment:voided"]);
        assert_eq!(
            payments.book().await,
            ["authorize 12000 usd", "void 12000 usd"]
        );
    }
}

#[tokio::test]
async fn an_attempt_in_time_counts_also_when_it_is_answered_late() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    payments.app.hand.set(just_before(order.expires_at));
    let gate = Gate::closed();
    payments
        .faults
        .plan(Call::Authorize, Fault::HoldRequest(gate.clone()));
    let late = async {
        gate.reached().await;
        payments.pass_millis(1_000).await;
        gate.open();
    };
    let (answer, ()) = tokio::join!(payments.pay(&order, "tok_visa"), late);
    assert_eq!(answer.status, 201);
    assert_eq!(payments.published().await, ["payment:created"]);

    // Orders decides, and here the expiry was faster.
    payments
        .app
        .publish(cancelled(&order, CancelReason::Expired))
        .await;
    assert_eq!(payments.statuses(&order).await, ["voided"]);
    assert_eq!(
        payments.book().await,
        ["authorize 12000 usd", "void 12000 usd"]
    );
}

#[tokio::test]
async fn an_answer_that_the_worker_recorded_first_is_the_request_s_answer_too() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let gate = Gate::closed();
    payments
        .faults
        .plan(Call::Authorize, Fault::HoldAnswer(gate.clone()));
    let worker = async {
        gate.reached().await;
        payments.pass_millis(15_000).await;
        assert_eq!(payments.statuses(&order).await, ["authorized"]);
        gate.open();
    };
    let (answer, ()) = tokio::join!(payments.pay(&order, "tok_visa"), worker);
    assert_eq!(
        (answer.status.as_u16(), answer.text("status")),
        (201, "authorized".to_owned())
    );
    assert_eq!(payments.published().await, ["payment:created"]);
    assert_eq!(payments.book().await, ["authorize 12000 usd"]);
}

#[tokio::test]
async fn a_decline_that_the_worker_recorded_first_uses_one_attempt() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let gate = Gate::closed();
    payments
        .faults
        .plan(Call::Authorize, Fault::HoldAnswer(gate.clone()));
    let worker = async {
        gate.reached().await;
        payments.pass_millis(15_000).await;
        gate.open();
    };
    let paying = payments.pay(&order, crate::support::DECLINED);
    let (answer, ()) = tokio::join!(paying, worker);
    assert_eq!(answer.status, 402);
    assert_eq!(answer.body["attemptsLeft"], 2);
}

#[tokio::test]
async fn two_workers_at_once_do_everything_once() {
    let payments = Payments::start().await;
    let mut orders = Vec::new();
    for _ in 0..20 {
        orders.push(payments.authorized().await.0);
    }
    for (number, order) in orders.iter().enumerate() {
        let event = if number % 2 == 0 {
            completed(order)
        } else {
            cancelled(order, CancelReason::Expired)
        };
        let event = payments.app.event(event);
        payments.app.deliver(&[&event]).await;
    }
    let (one, two) = tokio::join!(payments.app.runtime.settle(), payments.app.runtime.settle());
    one.and(two).expect("no step fails");
    let book = payments.book().await;
    let count = |kind: &str| book.iter().filter(|line| line.starts_with(kind)).count();
    assert_eq!((count("capture"), count("void")), (10, 10));
    let published = payments.published().await;
    let told = |name| published.iter().filter(|known| **known == name).count();
    assert_eq!((told("payment:captured"), told("payment:voided")), (10, 10));
    let asked = payments.faults.calls().len();
    match payments.app.db("payments").durability().await.unwrap() {
        // Both were at it: otherwise this shows nothing.
        Durability::Sqlite { .. } => assert!(asked > 40, "{asked}"),
        // Here they share it.
        Durability::Postgres { .. } => assert_eq!(asked, 40),
    }
}

#[tokio::test]
async fn what_one_process_is_asking_about_no_other_asks_about() {
    if !are_several_writers() {
        return;
    }
    let (payments, id, gate) = about_to_capture().await;
    let other = async {
        gate.reached().await;
        payments.pass_millis(59_000).await;
        gate.open();
    };
    let (worked, ()) = tokio::join!(payments.app.runtime.settle(), other);
    worked.unwrap();
    assert_eq!(payments.status(id).await, "captured");
    assert_eq!(payments.faults.calls(), [Call::Authorize, Call::Capture]);
}

#[tokio::test]
async fn what_a_process_that_died_was_asking_about_is_asked_about_again() {
    let (payments, id, gate) = about_to_capture().await;
    tokio::select! {
        worked = payments.app.runtime.settle() => panic!("it ended before its answer: {worked:?}"),
        () = gate.reached() => {}
    }
    assert_eq!(payments.status(id).await, "authorized");
    payments.pass_millis(60_000).await;
    assert_eq!(payments.status(id).await, "captured");
}

#[tokio::test]
async fn an_answer_that_meets_the_end_of_its_order_is_voided() {
    if !are_several_writers() {
        return;
    }
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let gate = Gate::closed();
    payments
        .faults
        .plan(Call::Authorize, Fault::HoldAnswer(gate.clone()));
    let mut pays = pin!(payments.pay(&order, "tok_visa"));
    tokio::select! {
        answer = &mut pays => panic!("answered before the gateway: {}", answer.body),
        () = gate.reached() => {}
    }
    let (db, halt) = (payments.app.db("payments"), Arc::new(Halt::new()));
    let ends = db.write((order.id, halt.clone()), |tx, (order, halt)| {
        Box::pin(async move {
            let sql = "UPDATE orders SET version = 2, status = 'cancelled' WHERE id = $1";
            let ended = tx.execute(sql, &params![*order]).await;
            halt.stand().await;
            ended
        })
    });
    let answered = async {
        gate.open();
        pays.await
    };
    let (ended, answer) = meet(db, &halt, ends, answered).await;
    assert_eq!(ended.unwrap(), 1);
    assert_eq!(answer.shown(), conflict("order_cancelled", ENDED));
    payments.app.settle().await;
    assert_eq!(payments.statuses(&order).await, ["voided"]);
}

/// A payment whose capture stands before the gateway, behind a gate.
async fn about_to_capture() -> (Payments, PaymentId, Gate) {
    let payments = Payments::start().await;
    let (order, id) = payments.authorized().await;
    let gate = Gate::closed();
    payments
        .faults
        .plan(Call::Capture, Fault::HoldRequest(gate.clone()));
    let event = payments.app.event(completed(&order));
    payments.app.deliver(&[&event]).await;
    (payments, id, gate)
}
