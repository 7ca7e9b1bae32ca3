//! Every event that orders follows: once, twice, late and early.

use crate::support::{Orders, refusal};
use jiff::SignedDuration;
use tessera_contracts::events::{EventData, TicketRefused, TicketState, UserState};
use tessera_contracts::{OrderId, PaymentStatus, RefusalReason, TicketStatus};

fn state(status: &str, reason: Option<&str>) -> (String, Option<String>) {
    (status.to_owned(), reason.map(str::to_owned))
}

fn refused(orders: &Orders, order: OrderId) -> EventData {
    EventData::TicketRefused(TicketRefused {
        id: orders.ticket.id,
        version: 1,
        order_id: order,
        reason: RefusalReason::Changed,
    })
}

#[tokio::test]
async fn a_lock_opens_payment_once_however_often_it_is_told() {
    let orders = Orders::start().await;
    let order: OrderId = orders.reserve().await.id();
    let event = orders.app.publish(orders.locked(order)).await;
    orders.app.deliver(&[&event, &event]).await;
    orders.app.publish(orders.locked(order)).await;
    assert_eq!(orders.state(order).await, state("awaiting:payment", None));
    assert_eq!(
        orders.app.published_types("orders").await,
        ["order:created", "order:updated"]
    );
}

#[tokio::test]
async fn a_lock_counts_by_its_order_also_when_newer_news_of_the_ticket_came_first() {
    let orders = Orders::start().await;
    let order: OrderId = orders.reserve().await.id();
    let newer = TicketState {
        version: 9,
        ..orders.ticket.clone()
    };
    orders.app.publish(EventData::TicketUpdated(newer)).await;
    orders.app.publish(orders.locked(order)).await;
    assert_eq!(orders.state(order).await, state("awaiting:payment", None));
}

#[tokio::test]
async fn a_version_that_was_skipped_does_no_harm_and_an_older_one_changes_nothing() {
    let orders = Orders::start().await;
    let edited = |version, price: &str| {
        EventData::TicketUpdated(TicketState {
            version,
            price: price.into(),
            ..orders.ticket.clone()
        })
    };
    orders.app.publish(edited(3, "80.00")).await;
    orders.app.publish(edited(2, "999.00")).await;
    assert_eq!(orders.reserve().await.text("total"), "80.00");
}

#[tokio::test]
async fn a_refusal_cancels_the_order_that_waits_for_its_lock_and_no_other() {
    let orders = Orders::start().await;
    let order: OrderId = orders.reserve().await.id();
    let event = orders.app.publish(refused(&orders, order)).await;
    orders.app.deliver(&[&event]).await;
    assert_eq!(
        orders.state(order).await,
        state("cancelled", Some("ticket_changed"))
    );

    let locked = orders.awaiting_payment().await;
    orders.app.publish(refused(&orders, locked)).await;
    assert_eq!(orders.state(locked).await, state("awaiting:payment", None));
}

#[tokio::test]
async fn an_order_expires_at_its_deadline_and_an_early_nudge_is_put_off() {
    let orders = Orders::start().await;
    let order = orders.awaiting_payment().await;
    orders.app.publish(orders.nudge(order)).await;
    orders
        .app
        .pass(SignedDuration::from_millis(15 * 60_000 - 1))
        .await;
    assert_eq!(orders.state(order).await, state("awaiting:payment", None));
    orders.app.pass(SignedDuration::from_millis(1)).await;
    assert_eq!(
        orders.state(order).await,
        state("cancelled", Some("expired"))
    );
}

#[tokio::test]
async fn a_nudge_of_an_order_that_is_paid_is_done_with_at_once() {
    let orders = Orders::start().await;
    let order = orders.complete().await;
    orders.app.publish(orders.nudge(order)).await;
    let kept = "SELECT state FROM inbox WHERE state <> 'done'";
    let kept: Vec<(String,)> = orders.app.db("orders").list(kept, &[]).await.unwrap();
    assert_eq!(kept, []);
    assert_eq!(orders.state(order).await, state("complete", None));
}

#[tokio::test]
async fn an_order_that_was_never_locked_expires_too() {
    let orders = Orders::start().await;
    let order: OrderId = orders.reserve().await.id();
    orders.app.hand.advance(SignedDuration::from_mins(15));
    orders.app.publish(orders.nudge(order)).await;
    assert_eq!(
        orders.state(order).await,
        state("cancelled", Some("expired"))
    );
}

#[tokio::test]
async fn a_payment_completes_the_order_once() {
    let orders = Orders::start().await;
    let order = orders.awaiting_payment().await;
    let payment = orders.payment(order, PaymentStatus::Authorized);
    let event = orders.app.publish(EventData::PaymentCreated(payment)).await;
    orders.app.deliver(&[&event]).await;
    assert_eq!(orders.state(order).await, state("complete", None));
    let published = orders.app.published_types("orders").await;
    assert_eq!(
        published,
        ["order:created", "order:updated", "order:completed"]
    );
}

#[tokio::test]
async fn a_payment_that_comes_after_the_end_completes_nothing() {
    let orders = Orders::start().await;
    let order = orders.awaiting_payment().await;
    orders.cancel(order).await;
    let payment = orders.payment(order, PaymentStatus::Authorized);
    orders.app.publish(EventData::PaymentCreated(payment)).await;
    assert_eq!(
        orders.state(order).await,
        state("cancelled", Some("cancelled_by_buyer"))
    );
}

#[tokio::test]
async fn a_completed_order_neither_expires_nor_fails_but_a_refused_capture_takes_it_back() {
    let orders = Orders::start().await;
    let order = orders.complete().await;
    orders.app.hand.advance(SignedDuration::from_hours(1));
    orders.app.publish(orders.nudge(order)).await;
    let declined = orders.payment(order, PaymentStatus::Declined);
    orders.app.publish(EventData::PaymentFailed(declined)).await;
    assert_eq!(orders.state(order).await, state("complete", None));

    let refused = orders.payment(order, PaymentStatus::CaptureFailed);
    let event = orders.app.publish(EventData::PaymentFailed(refused)).await;
    orders.app.deliver(&[&event]).await;
    assert_eq!(
        orders.state(order).await,
        state("cancelled", Some("capture_failed"))
    );
}

#[tokio::test]
async fn the_last_declined_attempt_cancels_the_order() {
    let orders = Orders::start().await;
    let order = orders.awaiting_payment().await;
    let declined = orders.payment(order, PaymentStatus::Declined);
    orders.app.publish(EventData::PaymentFailed(declined)).await;
    assert_eq!(
        orders.state(order).await,
        state("cancelled", Some("payment_failed"))
    );
}

#[tokio::test]
async fn a_deleted_account_loses_its_unpaid_orders_and_keeps_what_it_bought() {
    let orders = Orders::start().await;
    let bought = orders.complete().await;
    let other = orders.another_ticket().await;
    let unpaid: OrderId = orders.reserve_by(&orders.buyer, other).await.id();
    let deleted = EventData::UserDeleted(UserState {
        id: orders.buyer.id,
    });
    let event = orders.app.publish(deleted).await;
    orders.app.deliver(&[&event]).await;
    assert_eq!(orders.state(bought).await, state("complete", None));
    assert_eq!(
        orders.state(unpaid).await,
        state("cancelled", Some("account_deleted"))
    );
    let detail = "Please sign in first.";
    assert_eq!(
        orders.reserve_by(&orders.buyer, other).await.shown(),
        refusal(401, "Unauthorized", "not_signed_in", detail)
    );
}

#[tokio::test]
async fn news_of_an_order_that_was_never_made_is_a_dead_letter() {
    let orders = Orders::start().await;
    orders
        .app
        .publish(orders.nudge(orders.app.ids.next().into()))
        .await;
    let dead = tessera_platform::inbox::list_dead(orders.app.db("orders"), 10)
        .await
        .unwrap();
    assert_eq!(dead.len(), 1);
    assert!(dead[0].error.contains("never made"), "{}", dead[0].error);
}

#[tokio::test]
async fn a_batch_in_any_order_ends_the_same() {
    let orders = Orders::start().await;
    let order: OrderId = orders.reserve().await.id();
    let payment = orders.payment(order, PaymentStatus::Authorized);
    let locked = orders.app.event(orders.locked(order));
    let paid = orders.app.event(EventData::PaymentCreated(payment));
    let sold = orders.app.event(EventData::TicketUpdated(TicketState {
        version: 2,
        status: TicketStatus::Sold,
        order_id: Some(order),
        ..orders.ticket.clone()
    }));
    orders.app.deliver(&[&sold, &paid, &locked]).await;
    orders.app.settle().await;
    assert_eq!(orders.state(order).await, state("complete", None));
}
