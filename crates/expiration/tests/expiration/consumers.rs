//! Every consumer: twice, out of order, with an older version, and failing half way.

use jiff::SignedDuration;
use tessera_contracts::events::{EventData, OrderState};
use tessera_platform::testing::{forbid, permit};

use crate::support::{Expiration, LOCK, cancelled, completed, created};

#[tokio::test]
async fn an_order_that_ended_is_never_told() {
    let expiration = Expiration::start().await;
    for end in [completed, cancelled] {
        let order = expiration.order();
        expiration.app.publish(created(&order)).await;
        expiration.app.publish(end(&order)).await;
    }
    assert_eq!(expiration.rows().await, [0, 0, 2]);
    expiration.app.pass(LOCK).await;
    assert_eq!(expiration.told().await, []);
}

#[tokio::test]
async fn an_order_that_is_created_after_its_end_does_nothing() {
    let expiration = Expiration::start().await;
    for end in [completed, cancelled] {
        let order = expiration.order();
        expiration.app.publish(end(&order)).await;
        expiration.app.publish(created(&order)).await;
    }
    assert_eq!(expiration.rows().await, [0, 0, 2]);
    expiration.app.pass(LOCK).await;
    assert_eq!(expiration.told().await, []);
}

#[tokio::test]
async fn every_order_of_the_events_of_an_order_comes_to_the_same() {
    let expiration = Expiration::start().await;
    for places in [
        [0, 1, 2],
        [0, 2, 1],
        [1, 0, 2],
        [1, 2, 0],
        [2, 0, 1],
        [2, 1, 0],
    ] {
        let order = expiration.order();
        let events = [created(&order), completed(&order), cancelled(&order)];
        for place in places {
            expiration.app.publish(events[place].clone()).await;
        }
    }
    assert_eq!(expiration.rows().await, [0, 0, 6]);
    let sql = "SELECT count(*) FROM deadlines WHERE version = 3";
    let newest: Option<(i64,)> = expiration.app.db("expiration").opt(sql, &[]).await.unwrap();
    assert_eq!(newest, Some((6,)));
}

#[tokio::test]
async fn the_same_event_twice_has_one_effect() {
    let expiration = Expiration::start().await;
    let order = expiration.order();
    let event = expiration.app.publish(created(&order)).await;
    expiration.app.deliver(&[&event, &event]).await;
    // Published anew, under another id.
    expiration.app.publish(created(&order)).await;
    assert_eq!(expiration.rows().await, [1, 0, 0]);
    expiration.app.pass(LOCK).await;
    expiration.app.deliver(&[&event]).await;
    expiration.app.publish(created(&order)).await;
    assert_eq!(expiration.rows().await, [0, 1, 0]);
    assert_eq!(expiration.told().await, [order.id]);
}

#[tokio::test]
async fn the_end_of_an_order_that_was_told_is_kept() {
    let expiration = Expiration::start().await;
    let order = expiration.order();
    expiration.app.publish(created(&order)).await;
    expiration.app.pass(LOCK).await;
    expiration.app.publish(cancelled(&order)).await;
    assert_eq!(expiration.rows().await, [0, 0, 1]);
    assert_eq!(expiration.told().await, [order.id]);
}

#[tokio::test]
async fn an_older_end_does_not_undo_a_newer_one() {
    let expiration = Expiration::start().await;
    let order = expiration.order();
    expiration.app.publish(cancelled(&order)).await;
    expiration.app.publish(completed(&order)).await;
    let sql = "SELECT version FROM deadlines";
    let version: Option<(i64,)> = expiration.app.db("expiration").opt(sql, &[]).await.unwrap();
    assert_eq!(version, Some((3,)));
}

#[tokio::test]
async fn a_confirmed_lock_ends_when_it_would_have_ended() {
    let expiration = Expiration::start().await;
    let order = expiration.order();
    expiration.app.publish(created(&order)).await;
    let updated = OrderState {
        version: 1,
        ..order.clone()
    };
    expiration
        .app
        .publish(EventData::OrderUpdated(updated))
        .await;
    expiration.app.pass(LOCK).await;
    assert_eq!(expiration.told().await, [order.id]);
}

/// An event that fails, and the rows that there are once it was handled: waiting, told, ended.
struct Case {
    name: &'static str,
    /// Whether the order is known already.
    known: bool,
    event: fn(&OrderState) -> EventData,
    /// The statements that its consumer runs. An upsert that finds a row asks the triggers of both.
    steps: &'static [&'static str],
    then: [i64; 3],
}

const CASES: [Case; 5] = [
    Case {
        name: "an order is created",
        known: false,
        event: created,
        steps: &["INSERT"],
        then: [1, 0, 0],
    },
    Case {
        name: "an order is completed",
        known: true,
        event: completed,
        steps: &["INSERT", "UPDATE"],
        then: [0, 0, 1],
    },
    Case {
        name: "an order is cancelled",
        known: true,
        event: cancelled,
        steps: &["INSERT", "UPDATE"],
        then: [0, 0, 1],
    },
    Case {
        name: "an order is completed before its beginning is heard of",
        known: false,
        event: completed,
        steps: &["INSERT"],
        then: [0, 0, 1],
    },
    Case {
        name: "an order is cancelled before its beginning is heard of",
        known: false,
        event: cancelled,
        steps: &["INSERT"],
        then: [0, 0, 1],
    },
];

#[tokio::test]
async fn what_fails_at_any_step_is_tried_again_and_counts_once() {
    for case in CASES {
        let mut failed = Vec::new();
        for operation in ["INSERT", "UPDATE", "DELETE"] {
            let context = format!("{}: {operation}", case.name);
            let expiration = Expiration::start().await;
            let (db, order) = (expiration.app.db("expiration"), expiration.order());
            if case.known {
                expiration.app.publish(created(&order)).await;
            }
            let before = expiration.rows().await;
            forbid(db, "deadlines", operation).await;
            let event = expiration.app.publish((case.event)(&order)).await;
            if expiration.rows().await == before {
                failed.push(operation);
            }
            permit(db, "deadlines", operation).await;
            expiration.app.pass(SignedDuration::from_secs(1)).await;
            assert_eq!(expiration.rows().await, case.then, "{context}");
            expiration.app.deliver(&[&event]).await;
            expiration.app.pass(LOCK).await;
            let told = vec![order.id; usize::try_from(case.then[0]).unwrap()];
            assert_eq!(expiration.told().await, told, "{context}");
        }
        assert_eq!(failed, case.steps, "{}", case.name);
    }
}
