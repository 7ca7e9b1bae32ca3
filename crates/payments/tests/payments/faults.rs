//! A gateway that fails: before it acts, after it acted, for good, twice. Whatever fails, every
//! payment comes to an end, and the gateway's book shows each thing once.

use serde_json::json;
use tessera_contracts::events::EventData;
use tessera_contracts::{CancelReason, PaymentId};
use tessera_payments::testing::{Call, Fault, Gate};
use tessera_platform::testing::{Lossy, forbid, permit};

use crate::support::{DECLINED, Payments, cancelled, completed, payment, refusal};

/// Every fault after which the call is made again.
fn passing() -> [Fault; 3] {
    [Fault::FailBefore, Fault::LoseRequest, Fault::LoseAnswer]
}

#[tokio::test]
async fn an_authorization_without_an_answer_is_resolved_by_the_worker() {
    for fault in passing() {
        let payments = Payments::start().await;
        let order = payments.awaiting_payment().await;
        payments.faults.plan(Call::Authorize, fault);
        let answer = payments.pay_under("k1", &order, "tok_visa").await;
        assert_eq!(
            answer.shown(),
            json!({ "status": 202, "body": payment("processing") })
        );
        payments.pass_millis(149).await;
        assert_eq!(payments.statuses(&order).await, ["processing"]);
        payments.pass_millis(51).await;
        assert_eq!(payments.status(answer.id()).await, "authorized");
        assert_eq!(payments.published().await, ["payment:created"]);
        assert_eq!(payments.book().await, ["authorize 12000 usd"]);
        let again = payments.pay_under("k1", &order, "tok_visa").await;
        assert_eq!(
            again.shown(),
            json!({ "status": 201, "body": payment("authorized") })
        );
        assert_eq!(again.id::<PaymentId>(), answer.id::<PaymentId>());
    }
}

#[tokio::test]
async fn a_gateway_is_asked_for_its_answer_before_it_is_asked_to_act_again() {
    use Call::{Authorize, Find};
    let lost: [(Fault, &[Call]); 2] = [
        (Fault::LoseAnswer, &[Authorize, Find]),
        (Fault::LoseRequest, &[Authorize, Find, Authorize]),
    ];
    for (fault, calls) in lost {
        let payments = Payments::start().await;
        let order = payments.awaiting_payment().await;
        payments.faults.plan(Authorize, fault);
        payments.pay(&order, "tok_visa").await;
        payments.pass_millis(200).await;
        assert_eq!(payments.faults.calls(), calls);
    }
}

#[tokio::test]
async fn while_an_outcome_is_unknown_no_second_attempt_is_made_and_no_try_is_used() {
    for fault in passing() {
        let payments = Payments::start().await;
        let order = payments.awaiting_payment().await;
        payments.faults.plan(Call::Authorize, fault);
        assert_eq!(payments.pay(&order, DECLINED).await.status, 202);
        let second = payments.pay(&order, "tok_visa").await;
        assert_eq!(second.text("code"), "payment_under_way");
        payments.pass_millis(200).await;
        assert_eq!(payments.statuses(&order).await, ["declined"]);
        let third = payments.pay(&order, DECLINED).await;
        assert_eq!(third.body["attemptsLeft"], 1);
        assert_eq!(payments.book().await, ["decline 12000 usd"; 2]);
    }
}

#[tokio::test]
async fn an_authorization_that_is_refused_for_good_is_a_decline() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    payments.faults.plan(Call::Authorize, Fault::Refuse);
    let answer = payments.pay(&order, "tok_visa").await;
    let detail = "The card could not be charged.";
    let mut expected = refusal(402, "Payment Required", "card_declined", detail);
    expected["body"]["attemptsLeft"] = json!(2);
    assert_eq!(answer.shown(), expected);
    assert_eq!(payments.book().await, [""; 0]);
}

#[tokio::test]
async fn a_request_that_arrives_twice_acts_once() {
    let payments = Payments::start().await;
    for call in [Call::Authorize, Call::Capture, Call::Void] {
        payments.faults.plan(call, Fault::Repeat);
    }
    let (paid, _) = payments.authorized().await;
    payments.app.publish(completed(&paid)).await;
    let (ended, _) = payments.authorized().await;
    payments
        .app
        .publish(cancelled(&ended, CancelReason::Expired))
        .await;
    assert_eq!(
        payments.book().await,
        [
            "authorize 12000 usd",
            "capture 12000 usd",
            "authorize 12000 usd",
            "void 12000 usd"
        ]
    );
}

#[tokio::test]
async fn a_gateway_that_cannot_be_asked_is_asked_later_and_later() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    payments.faults.plan(Call::Authorize, Fault::LoseAnswer);
    for fault in [Fault::FailBefore, Fault::LoseAnswer, Fault::Refuse] {
        payments.faults.plan(Call::Find, fault);
    }
    payments.pay(&order, "tok_visa").await;
    // Asked 0.2 s after the request, then 0.4, 0.8 and 1.6 s after each other; chance takes up to a quarter of each.
    let steps = [
        (149, 0),
        (51, 1),
        (299, 1),
        (101, 2),
        (599, 2),
        (201, 3),
        (1_199, 3),
    ];
    for (millis, tries) in steps {
        payments.pass_millis(millis).await;
        let calls = payments.faults.calls();
        let finds = calls.iter().filter(|call| **call == Call::Find).count();
        assert_eq!(finds, tries, "after {millis} ms");
    }
    assert_eq!(payments.statuses(&order).await, ["processing"]);
    payments.pass_millis(401).await;
    assert_eq!(payments.statuses(&order).await, ["authorized"]);
    assert_eq!(payments.book().await, ["authorize 12000 usd"]);
}

#[tokio::test]
async fn a_capture_is_tried_until_it_is_done() {
    for fault in passing() {
        let payments = Payments::start().await;
        let (order, id) = payments.authorized().await;
        payments.faults.plan(Call::Capture, fault.clone());
        payments.faults.plan(Call::Capture, fault);
        payments.app.publish(completed(&order)).await;
        assert_eq!(payments.status(id).await, "authorized");
        payments.pass_millis(200).await;
        assert_eq!(payments.status(id).await, "authorized");
        payments.pass_millis(400).await;
        assert_eq!(payments.status(id).await, "captured");
        assert_eq!(
            payments.book().await,
            ["authorize 12000 usd", "capture 12000 usd"]
        );
        assert_eq!(
            payments.published().await,
            ["payment:created", "payment:captured"]
        );
    }
}

#[tokio::test]
async fn a_capture_that_is_refused_for_good_takes_the_order_back() {
    let payments = Payments::start().await;
    let (order, id) = payments.authorized().await;
    payments.faults.plan(Call::Capture, Fault::Refuse);
    payments.app.publish(completed(&order)).await;
    assert_eq!(payments.status(id).await, "capture_failed");
    let events = payments.app.published("payments").await;
    let Some(EventData::PaymentFailed(state)) = events.last().map(|event| &event.data) else {
        panic!("{events:?}")
    };
    assert_eq!(state.status.as_str(), "capture_failed");
    payments.pass_millis(600_000).await;
    assert_eq!(payments.book().await, ["authorize 12000 usd"]);
}

#[tokio::test]
async fn a_void_is_tried_until_it_is_done_also_after_a_refusal() {
    for fault in passing().into_iter().chain([Fault::Refuse]) {
        let payments = Payments::start().await;
        let (order, id) = payments.authorized().await;
        payments.faults.plan(Call::Void, fault);
        payments
            .app
            .publish(cancelled(&order, CancelReason::Expired))
            .await;
        assert_eq!(payments.status(id).await, "authorized");
        payments.pass_millis(200).await;
        assert_eq!(payments.status(id).await, "voided");
        assert_eq!(
            payments.book().await,
            ["authorize 12000 usd", "void 12000 usd"]
        );
        assert_eq!(
            payments.published().await,
            ["payment:created", "payment:voided"]
        );
    }
}

#[tokio::test]
async fn a_late_authorization_of_an_order_that_ended_is_voided() {
    for fault in passing() {
        let payments = Payments::start().await;
        let order = payments.awaiting_payment().await;
        payments.faults.plan(Call::Authorize, fault);
        let id: PaymentId = payments.pay_under("k1", &order, "tok_visa").await.id();
        payments
            .app
            .publish(cancelled(&order, CancelReason::Expired))
            .await;
        assert_eq!(payments.status(id).await, "processing");
        payments.pass_millis(200).await;
        assert_eq!(payments.status(id).await, "voided");
        assert_eq!(payments.published().await, ["payment:voided"]);
        assert_eq!(
            payments.book().await,
            ["authorize 12000 usd", "void 12000 usd"]
        );
        let again = payments.pay_under("k1", &order, "tok_visa").await;
        assert_eq!(again.text("code"), "order_cancelled");
    }
}

#[tokio::test]
async fn a_result_that_could_not_be_recorded_is_recorded_later_and_once() {
    for (table, operation) in [("payments", "UPDATE"), ("outbox", "INSERT")] {
        for (capture, done) in [(true, "captured"), (false, "voided")] {
            let payments = Payments::start().await;
            let (order, id) = payments.authorized().await;
            let event = payments.app.event(if capture {
                completed(&order)
            } else {
                cancelled(&order, CancelReason::Expired)
            });
            payments.app.deliver(&[&event]).await;
            let db = payments.app.db("payments");
            // Not before it is asked: what is asked about is noted first.
            let (call, gate) = (
                if capture { Call::Capture } else { Call::Void },
                Gate::closed(),
            );
            payments.faults.plan(call, Fault::HoldAnswer(gate.clone()));
            let fail = async {
                gate.reached().await;
                forbid(db, table, operation).await;
                gate.open();
            };
            let (worked, ()) = tokio::join!(payments.app.runtime.settle(), fail);
            worked.expect_err("a fault");
            assert_eq!(payments.book().await.len(), 2, "the gateway has acted");
            permit(db, table, operation).await;
            // Where several processes work, it may be another one's until then.
            payments.pass_millis(60_000).await;
            assert_eq!(payments.status(id).await, done);
            assert_eq!(payments.book().await.len(), 2, "and not again");
            let told = format!("payment:{done}");
            assert_eq!(payments.published().await, ["payment:created", &told]);
        }
    }
}

#[tokio::test]
async fn one_payment_whose_gateway_fails_does_not_keep_the_others() {
    let payments = Payments::start().await;
    let mut all = Vec::new();
    for _ in 0..5 {
        all.push(payments.authorized().await);
    }
    payments.faults.plan(Call::Capture, Fault::FailBefore);
    let events = all.iter().map(|(order, _)| completed(order));
    let events: Vec<_> = events.map(|data| payments.app.event(data)).collect();
    payments
        .app
        .deliver(&events.iter().collect::<Vec<_>>())
        .await;
    payments.app.settle().await;
    let captured = |book: Vec<String>| book.iter().filter(|it| it.starts_with("capture")).count();
    assert_eq!(captured(payments.book().await), 4);
    payments.pass_millis(200).await;
    assert_eq!(captured(payments.book().await), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_whose_answer_is_lost_pays_once() {
    for lose in [
        Lossy::lose_the_answer_to_the_next_commit,
        Lossy::lose_the_next_commit,
    ] {
        let mut lossy = None;
        let payments = Payments::start_with(|settings| {
            lossy = Lossy::before(&mut settings.database);
        });
        let payments = payments.await;
        let Some(lossy) = lossy else { return };
        // That of the intent.
        let order = payments.awaiting_payment().await;
        lose(&lossy);
        let answer = payments.pay_under("k1", &order, "tok_visa").await;
        let authorized = json!({ "status": 201, "body": payment("authorized") });
        assert_eq!(answer.shown(), authorized);
        // That of the outcome.
        let other = payments.awaiting_payment().await;
        let gate = Gate::closed();
        let held = Fault::HoldAnswer(gate.clone());
        payments.faults.plan(Call::Authorize, held);
        let lost = async {
            gate.reached().await;
            lose(&lossy);
            gate.open();
        };
        let (answer, ()) = tokio::join!(payments.pay_under("k2", &other, "tok_visa"), lost);
        assert_eq!(answer.shown(), authorized);
        for order in [&order, &other] {
            assert_eq!(payments.statuses(order).await, ["authorized"]);
        }
        payments.app.settle().await;
        assert_eq!(payments.published().await, ["payment:created"; 2]);
        assert_eq!(payments.book().await, ["authorize 12000 usd"; 2]);
    }
}
