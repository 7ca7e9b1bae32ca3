//! Every event that payments follows: once, twice, late, early, and failing at each step.

use tessera_contracts::events::{EventData, OrderState};
use tessera_contracts::{CancelReason, OrderStatus};
use tessera_platform::inbox;
use tessera_platform::testing::{forbid, permit};

use crate::support::{Payments, cancelled, completed, created, locked};

#[tokio::test]
async fn nothing_is_captured_before_the_order_is_complete() {
    let payments = Payments::start().await;
    let (order, id) = payments.authorized().await;
    payments.pass_millis(600_000).await;
    assert_eq!(payments.book().await, ["authorize 12000 usd"]);
    payments.app.publish(completed(&order)).await;
    assert_eq!(payments.status(id).await, "captured");
}

#[tokio::test]
async fn a_complete_order_is_captured_once_however_often_it_is_told() {
    let payments = Payments::start().await;
    let (order, id) = payments.authorized().await;
    let event = payments.app.publish(completed(&order)).await;
    payments.app.deliver(&[&event, &event]).await;
    payments.app.publish(completed(&order)).await;
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

#[tokio::test]
async fn an_order_that_ended_is_voided_once_however_often_it_is_told() {
    let payments = Payments::start().await;
    let (order, id) = payments.authorized().await;
    let end = cancelled(&order, CancelReason::Expired);
    let event = payments.app.publish(end.clone()).await;
    payments.app.deliver(&[&event, &event]).await;
    payments.app.publish(end).await;
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

#[tokio::test]
async fn news_that_came_before_older_news_counts() {
    let payments = Payments::start().await;
    let skipped = payments.order();
    payments.app.publish(locked(&skipped)).await;
    payments.app.publish(created(&skipped)).await;
    assert_eq!(payments.pay(&skipped, "tok_visa").await.status, 201);

    let ended = payments.order();
    let end = cancelled(&ended, CancelReason::TicketChanged);
    payments.app.publish(end).await;
    payments.app.publish(created(&ended)).await;
    payments.app.publish(locked(&ended)).await;
    let refused = payments.pay(&ended, "tok_visa").await;
    assert_eq!(refused.text("code"), "order_cancelled");
}

#[tokio::test]
async fn older_news_changes_nothing_of_a_payment() {
    let payments = Payments::start().await;
    let (order, id) = payments.authorized().await;
    payments.app.publish(completed(&order)).await;
    let older = EventData::OrderCancelled(OrderState {
        version: 1,
        status: OrderStatus::Cancelled,
        cancel_reason: Some(CancelReason::Expired),
        ..order.clone()
    });
    payments.app.publish(older).await;
    payments.app.publish(locked(&order)).await;
    assert_eq!(payments.status(id).await, "captured");
    assert_eq!(
        payments.pay(&order, "tok_visa").await.text("code"),
        "order_complete"
    );
}

#[tokio::test]
async fn newer_news_keeps_the_count_of_declined_cards() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    payments.pay(&order, crate::support::DECLINED).await;
    let newer = EventData::OrderUpdated(OrderState {
        version: 5,
        ..order.clone()
    });
    payments.app.publish(newer).await;
    let answer = payments.pay(&order, crate::support::DECLINED).await;
    assert_eq!(answer.body["attemptsLeft"], 1);
}

#[tokio::test]
async fn all_events_of_an_order_in_one_batch_and_backwards() {
    let payments = Payments::start().await;
    let (order, id) = payments.authorized().await;
    let events = [completed(&order), locked(&order), created(&order)];
    let events = events.map(|data| payments.app.event(data));
    payments
        .app
        .deliver(&[&events[2], &events[1], &events[0], &events[0]])
        .await;
    payments.app.settle().await;
    assert_eq!(payments.status(id).await, "captured");
}

#[tokio::test]
async fn a_refused_capture_leaves_nothing_to_void() {
    let payments = Payments::start().await;
    let (order, id) = payments.authorized().await;
    let call = tessera_payments::testing::Call::Capture;
    payments
        .faults
        .plan(call, tessera_payments::testing::Fault::Refuse);
    payments.app.publish(completed(&order)).await;
    payments
        .app
        .publish(cancelled(&order, CancelReason::CaptureFailed))
        .await;
    assert_eq!(payments.status(id).await, "capture_failed");
    assert_eq!(
        payments.published().await,
        ["payment:created", "payment:failed"]
    );
    let refused = payments.pay(&order, "tok_visa").await;
    assert_eq!(refused.text("code"), "order_cancelled");
}

#[tokio::test]
async fn an_order_that_ended_unpaid_leaves_nothing_to_do() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    payments.pay(&order, crate::support::DECLINED).await;
    payments
        .app
        .publish(cancelled(&order, CancelReason::CancelledByBuyer))
        .await;
    assert_eq!(payments.statuses(&order).await, ["declined"]);
    assert_eq!(payments.published().await, [""; 0]);
}

#[tokio::test]
async fn an_order_that_fails_at_any_step_is_handled_later_and_once() {
    for (table, operation) in [
        ("orders", "INSERT"),
        ("orders", "UPDATE"),
        ("payments", "UPDATE"),
    ] {
        for end in [
            completed as fn(&OrderState) -> EventData,
            |order: &OrderState| cancelled(order, CancelReason::Expired),
        ] {
            let payments = Payments::start().await;
            let (order, id) = payments.authorized().await;
            let db = payments.app.db("payments");
            forbid(db, table, operation).await;
            let event = payments.app.event(end(&order));
            payments.app.deliver(&[&event]).await;
            payments.app.settle().await;
            assert_eq!(payments.book().await.len(), 1, "{table} {operation}");
            permit(db, table, operation).await;
            payments.pass_millis(1_000).await;
            let settled = payments.status(id).await;
            assert!(
                ["captured", "voided"].contains(&settled.as_str()),
                "{table} {operation}"
            );
            assert_eq!(payments.book().await.len(), 2, "{table} {operation}");
            assert_eq!(payments.published().await.len(), 2, "{table} {operation}");
        }
    }
}

#[tokio::test]
async fn an_order_without_a_readable_amount_becomes_a_dead_letter() {
    let payments = Payments::start().await;
    let order = OrderState {
        total: "a lot".into(),
        ..payments.order()
    };
    payments.app.publish(locked(&order)).await;
    let dead = inbox::list_dead(payments.app.db("payments"), 10).await;
    let dead = dead.expect("the dead letters");
    assert_eq!(dead.len(), 1);
    assert!(dead[0].error.contains("digits"), "{}", dead[0].error);
}
