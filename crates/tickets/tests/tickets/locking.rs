//! Orders and the lock: who holds a ticket, who waits, who is refused.

use tessera_contracts::CancelReason;
use tessera_contracts::events::EventData;

use crate::stage::{Stage, cancelled, completed, created, expired};

#[tokio::test]
async fn an_order_locks_a_free_ticket_and_is_told_so() {
    let mut stage = Stage::open().await;
    let order = stage.order("A", 1);
    stage.publish(created(&order)).await;
    assert_eq!(stage.standing().await, "v2 reserved A");
    let events = stage.app.published("tickets").await;
    let EventData::TicketUpdated(state) = &events[1].data else {
        panic!("{:?}", events[1])
    };
    assert_eq!(
        (state.order_id, state.edit_version),
        (Some(order.id), Some(1))
    );
    assert_eq!(state.title, "Mahler: Symphony No. 2");
}

#[tokio::test]
async fn an_order_that_saw_an_older_edit_is_refused() {
    let mut stage = Stage::open().await;
    assert_eq!(stage.edit().await.status, 200);
    let order = stage.order("A", 1);
    stage.publish(created(&order)).await;
    assert_eq!(
        stage.news().await,
        ["v2 available -", "v2 refused A changed"]
    );
}

#[tokio::test]
async fn a_lock_and_a_release_in_between_are_no_change() {
    let mut stage = Stage::open().await;
    let first = stage.holder("A").await;
    stage.publish(expired(&first)).await;
    // Its buyer still sees the version from before the first lock.
    let second = stage.order("B", 1);
    stage.publish(created(&second)).await;
    assert_eq!(stage.standing().await, "v4 reserved B");
}

#[tokio::test]
async fn an_order_for_a_withdrawn_or_unknown_ticket_is_refused() {
    let mut stage = Stage::open().await;
    stage
        .app
        .delete(&stage.path())
        .by(&stage.seller)
        .send()
        .await;
    let order = stage.order("A", 1);
    stage.publish(created(&order)).await;
    let mut lost = stage.order("B", 1);
    lost.ticket.id = stage.app.ids.next().into();
    stage.publish(created(&lost)).await;
    let expected = [
        "v2 withdrawn -",
        "v2 refused A withdrawn",
        "v0 refused B unknown",
    ];
    assert_eq!(stage.news().await, expected);
}

#[tokio::test]
async fn a_sale_is_final() {
    let mut stage = Stage::open().await;
    let order = stage.holder("A").await;
    stage.publish(completed(&order)).await;
    assert_eq!(stage.news().await, ["v2 reserved A", "v3 sold A"]);
    assert_eq!(stage.standing().await, "v3 sold A");
}

#[tokio::test]
async fn an_end_frees_the_ticket_whatever_its_reason() {
    for reason in CancelReason::ALL {
        let mut stage = Stage::open().await;
        let order = stage.holder("A").await;
        stage.publish(cancelled(&order, *reason)).await;
        assert_eq!(stage.standing().await, "v3 available -", "{reason}");
    }
}

#[tokio::test]
async fn a_sold_ticket_comes_back_when_the_money_cannot_be_captured_and_only_then() {
    for reason in CancelReason::ALL {
        let mut stage = Stage::open().await;
        let order = stage.holder("A").await;
        stage.publish(completed(&order)).await;
        stage.publish(cancelled(&order, *reason)).await;
        if *reason == CancelReason::CaptureFailed {
            assert_eq!(stage.standing().await, "v4 available -");
            assert_eq!(stage.dead().await, [""; 0]);
        } else {
            assert_eq!(stage.standing().await, "v3 sold A");
            let error = "rejected: a ticket that is sold does not change that way";
            assert_eq!(stage.dead().await, [error]);
        }
    }
}

#[tokio::test]
async fn an_end_of_another_order_frees_nothing() {
    let mut stage = Stage::open().await;
    stage.holder("A").await;
    let other = stage.order("B", 1);
    stage.publish(expired(&other)).await;
    assert_eq!(stage.news().await, ["v2 reserved A"]);
    assert_eq!(stage.dead().await, [""; 0]);
}

#[tokio::test]
async fn a_second_order_waits_and_gets_the_ticket_in_the_release() {
    let mut stage = Stage::open().await;
    let first = stage.holder("A").await;
    let second = stage.order("B", 1);
    stage.publish(created(&second)).await;
    assert_eq!(
        (stage.standing().await.as_str(), stage.waiting().await),
        ("v2 reserved A", 1)
    );
    stage.publish(expired(&first)).await;
    // One version and one event: it was never free in between.
    assert_eq!(stage.news().await, ["v2 reserved A", "v3 reserved B"]);
    assert_eq!(stage.waiting().await, 0);
}

#[tokio::test]
async fn of_several_that_wait_the_newest_gets_the_ticket_and_the_others_wait_on() {
    let mut stage = Stage::open().await;
    let first = stage.holder("A").await;
    let (second, third) = (stage.order("B", 1), stage.order("C", 1));
    // As they may arrive.
    stage.publish(created(&third)).await;
    stage.publish(created(&second)).await;
    stage.publish(expired(&first)).await;
    assert_eq!(stage.standing().await, "v3 reserved C");
    assert_eq!(stage.waiting().await, 1);
    stage.publish(expired(&second)).await;
    assert_eq!(stage.waiting().await, 0);
    assert_eq!(stage.news().await, ["v2 reserved A", "v3 reserved C"]);
}

#[tokio::test]
async fn one_that_waits_for_an_older_edit_is_refused_in_the_release() {
    let mut stage = Stage::open().await;
    assert_eq!(stage.edit().await.status, 200);
    let first = stage.order("A", 2);
    stage.publish(created(&first)).await;
    let (fresh, stale) = (stage.order("B", 2), stage.order("C", 1));
    stage.publish(created(&fresh)).await;
    stage.publish(created(&stale)).await;
    stage.publish(expired(&first)).await;
    let expected = [
        "v2 available -",
        "v3 reserved A",
        "v4 reserved B",
        "v4 refused C changed",
    ];
    assert_eq!(stage.news().await, expected);
    assert_eq!(stage.waiting().await, 0);
}

#[tokio::test]
async fn an_end_of_one_that_waits_ends_its_wait() {
    let mut stage = Stage::open().await;
    let first = stage.holder("A").await;
    let second = stage.order("B", 1);
    stage.publish(created(&second)).await;
    stage.publish(expired(&second)).await;
    assert_eq!(stage.waiting().await, 0);
    stage.publish(expired(&first)).await;
    assert_eq!(stage.standing().await, "v3 available -");
}

#[tokio::test]
async fn a_sale_refuses_all_that_wait() {
    let mut stage = Stage::open().await;
    let first = stage.holder("A").await;
    let (second, third) = (stage.order("B", 1), stage.order("C", 1));
    stage.publish(created(&second)).await;
    stage.publish(created(&third)).await;
    stage.publish(completed(&first)).await;
    let expected = [
        "v2 reserved A",
        "v3 sold A",
        "v3 refused C sold",
        "v3 refused B sold",
    ];
    assert_eq!(stage.news().await, expected);
    assert_eq!(stage.waiting().await, 0);
}

#[tokio::test]
async fn an_order_waits_behind_a_sale_that_may_yet_come_back() {
    let mut stage = Stage::open().await;
    let first = stage.holder("A").await;
    stage.publish(completed(&first)).await;
    let second = stage.order("B", 1);
    stage.publish(created(&second)).await;
    assert_eq!(
        (stage.standing().await.as_str(), stage.waiting().await),
        ("v3 sold A", 1)
    );
    stage
        .publish(cancelled(&first, CancelReason::CaptureFailed))
        .await;
    assert_eq!(stage.standing().await, "v4 reserved B");
}

#[tokio::test]
async fn an_order_that_ended_before_its_beginning_is_heard_of_gets_nothing() {
    let mut stage = Stage::open().await;
    let order = stage.order("A", 1);
    stage.publish(expired(&order)).await;
    stage.publish(created(&order)).await;
    assert_eq!(stage.standing().await, "v1 available -");
    assert_eq!(stage.news().await, [""; 0]);
}

#[tokio::test]
async fn a_completion_that_is_overtaken_by_its_failed_capture_sells_nothing() {
    let mut stage = Stage::open().await;
    let order = stage.holder("A").await;
    stage
        .publish(cancelled(&order, CancelReason::CaptureFailed))
        .await;
    stage.publish(completed(&order)).await;
    assert_eq!(stage.news().await, ["v2 reserved A", "v3 available -"]);
    assert_eq!(stage.dead().await, [""; 0]);
}

#[tokio::test]
async fn a_newer_event_of_the_holder_itself_locks_nothing_again() {
    let mut stage = Stage::open().await;
    let mut order = stage.holder("A").await;
    order.version += 1;
    stage.publish(created(&order)).await;
    assert_eq!(stage.news().await, ["v2 reserved A"]);
    assert_eq!(stage.waiting().await, 0);
}

#[tokio::test]
async fn a_completion_of_an_order_without_the_ticket_is_a_dead_letter() {
    let mut stage = Stage::open().await;
    let stranger = stage.order("A", 1);
    stage.publish(completed(&stranger)).await;
    let mut lost = stage.order("B", 1);
    lost.ticket.id = stage.app.ids.next().into();
    stage.publish(completed(&lost)).await;
    assert_eq!(stage.standing().await, "v1 available -");
    let expected = [
        "rejected: the order does not hold the ticket: a ticket that is available does not change that way",
        "rejected: there is no such ticket",
    ];
    assert_eq!(stage.dead().await, expected);
    // Nothing is kept of it: what the order says later still counts.
    stage.publish(created(&stranger)).await;
    assert_eq!(stage.standing().await, "v2 reserved A");
}
