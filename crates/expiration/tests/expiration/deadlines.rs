//! Each deadline is told of once: not a millisecond early, and however late.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join;
use tessera_contracts::events::EventType;
use tessera_platform::params;
use tessera_platform::testing::{Halt, are_several_writers, forbid, meet, permit};
use tessera_platform::worker::Stopper;

use crate::support::{Expiration, LOCK, MILLISECOND, created};

#[tokio::test]
async fn it_is_told_at_its_very_millisecond() {
    let expiration = Expiration::start().await;
    let order = expiration.order();
    expiration.app.publish(created(&order)).await;
    expiration.app.pass(LOCK - MILLISECOND).await;
    assert_eq!(expiration.told().await, []);
    expiration.app.pass(MILLISECOND).await;
    assert_eq!(expiration.told().await, [order.id]);
    expiration.app.pass(LOCK).await;
    assert_eq!(expiration.told().await, [order.id], "once");
}

#[tokio::test]
async fn earlier_deadlines_are_told_first_whenever_they_were_noted() {
    let expiration = Expiration::start().await;
    let now = expiration.app.clock.now();
    let [late, early, middle] = [3, 1, 2].map(|n| expiration.order_until(now + MILLISECOND * n));
    for order in [&late, &early, &middle] {
        expiration.app.publish(created(order)).await;
    }
    expiration.app.pass(MILLISECOND).await;
    assert_eq!(expiration.told().await, [early.id]);
    expiration.app.pass(MILLISECOND * 2).await;
    assert_eq!(expiration.told().await, [early.id, middle.id, late.id]);
}

#[tokio::test]
async fn a_deadline_that_is_past_when_it_is_heard_of_is_told_at_once() {
    let expiration = Expiration::start().await;
    let order = expiration.order_until(expiration.app.clock.now() - LOCK);
    expiration.app.publish(created(&order)).await;
    assert_eq!(expiration.told().await, [order.id]);
}

#[tokio::test]
async fn thousands_that_came_while_nobody_was_there_are_each_told_once() {
    let expiration = Expiration::start().await;
    let orders: Vec<_> = (0..3_000).map(|_| expiration.order()).collect();
    let events: Vec<_> = orders
        .iter()
        .map(|order| expiration.app.event(created(order)))
        .collect();
    expiration
        .app
        .deliver(&events.iter().collect::<Vec<_>>())
        .await;
    expiration.app.hand.advance(LOCK * 100);
    assert_eq!(expiration.rows().await, [3_000, 0, 0]);

    expiration.app.settle().await;
    let told = expiration.told().await;
    assert_eq!(told.len(), 3_000);
    let once: BTreeSet<_> = told.into_iter().collect();
    assert_eq!(once, orders.iter().map(|order| order.id).collect());
}

#[tokio::test]
async fn two_workers_at_once_tell_of_each_deadline_once() {
    let expiration = Expiration::start().await;
    let app = &expiration.app;
    let orders: Vec<_> = (0..1_200).map(|_| expiration.order()).collect();
    let events: Vec<_> = orders
        .iter()
        .map(|order| app.event(created(order)))
        .collect();
    app.deliver(&events.iter().collect::<Vec<_>>()).await;
    app.hand.advance(LOCK);

    // Both look before either has taken anything.
    let (one, two) = join(app.runtime.settle(), app.runtime.settle()).await;
    one.and(two).unwrap();
    assert_eq!(expiration.told().await.len(), 1_200);
    assert_eq!(expiration.rows().await, [0, 1_200, 0]);
}

#[tokio::test]
async fn what_was_told_is_not_told_again_with_the_next() {
    let expiration = Expiration::start().await;
    let [first, second] =
        [1, 2].map(|n| expiration.order_until(expiration.app.clock.now() + LOCK * n));
    for order in [&first, &second] {
        expiration.app.publish(created(order)).await;
    }
    expiration.app.pass(LOCK).await;
    expiration.app.pass(LOCK).await;
    assert_eq!(expiration.told().await, [first.id, second.id]);
}

#[tokio::test]
async fn a_step_that_fails_half_way_is_taken_again_as_a_whole() {
    let expiration = Expiration::start().await;
    let order = expiration.order();
    expiration.app.publish(created(&order)).await;
    let db = expiration.app.db("expiration");
    expiration.app.hand.advance(LOCK);
    for (table, operation) in [("outbox", "INSERT"), ("deadlines", "UPDATE")] {
        forbid(db, table, operation).await;
        assert!(expiration.app.runtime.settle().await.is_err());
        assert_eq!(expiration.rows().await, [1, 0, 0]);
        assert_eq!(expiration.told().await, []);
        permit(db, table, operation).await;
    }
    expiration.app.settle().await;
    assert_eq!(expiration.told().await, [order.id]);
}

#[tokio::test]
async fn left_to_itself_it_sleeps_until_the_deadline() {
    let expiration = Expiration::start().await;
    let app = &expiration.app;
    let mut passing = app.runtime.bus().watch();
    let (stopper, stop) = Stopper::new();
    let workers = app.runtime.start(&stop);
    let order = expiration.order();
    app.deliver(&[&app.event(created(&order))]).await;
    app.hand.advance(LOCK);
    let seen = async {
        loop {
            let message = passing.recv().await.unwrap();
            if message.event_type == EventType::ExpirationComplete {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), seen)
        .await
        .unwrap();
    stopper.stop();
    workers.join_all().await;
    assert_eq!(expiration.told().await, [order.id]);
}

#[tokio::test]
async fn a_process_passes_over_what_another_one_is_taking() {
    if !are_several_writers() {
        return;
    }
    let expiration = Expiration::start().await;
    let app = &expiration.app;
    let orders = [expiration.order(), expiration.order()];
    for order in &orders {
        app.publish(created(order)).await;
    }
    app.hand.advance(LOCK);
    let (db, halt) = (app.db("expiration"), Arc::new(Halt::new()));
    let taken = db.write((orders[0].id, halt.clone()), |tx, (order, halt)| {
        Box::pin(async move {
            let sql = "UPDATE deadlines SET state = 'told' WHERE order_id = $1";
            let taken = tx.execute(sql, &params![*order]).await;
            halt.stand().await;
            taken
        })
    });
    let others = async {
        app.settle().await;
        assert!(!halt.goes_on(), "it waited for the other one");
    };
    let (taken, ()) = meet(db, &halt, taken, others).await;
    assert_eq!(taken.unwrap(), 1);
    assert_eq!(expiration.told().await, [orders[1].id]);
}
