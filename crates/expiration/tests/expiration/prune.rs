//! Rows that wait no more are kept for two weeks; those that wait, for as long as they do.

use std::sync::Arc;

use jiff::SignedDuration;
use tessera_platform::params;
use tessera_platform::testing::{Halt, are_several_writers, meet};

use crate::support::{Expiration, LOCK, MILLISECOND, completed, created};

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[tokio::test]
async fn what_was_told_or_has_ended_goes_after_two_weeks() {
    let expiration = Expiration::start().await;
    let [told, ended] = [0, 1].map(|_| expiration.order());
    expiration.app.publish(created(&told)).await;
    expiration.app.publish(completed(&ended)).await;
    let far = expiration.order_until(expiration.app.clock.now() + DAY * 100);
    expiration.app.publish(created(&far)).await;
    expiration.app.pass(LOCK).await;
    assert_eq!(expiration.rows().await, [1, 1, 1]);

    expiration.app.pass(DAY * 14 - LOCK - MILLISECOND).await;
    assert_eq!(expiration.rows().await, [1, 1, 1]);
    expiration.app.pass(MILLISECOND).await;
    assert_eq!(expiration.rows().await, [1, 1, 0]);
    expiration.app.pass(LOCK).await;
    assert_eq!(expiration.rows().await, [1, 0, 0]);
}

#[tokio::test]
async fn many_go_portion_by_portion() {
    let expiration = Expiration::start().await;
    let orders = (0..1_200).map(|_| expiration.order());
    let events: Vec<_> = orders
        .map(|order| expiration.app.event(completed(&order)))
        .collect();
    expiration
        .app
        .deliver(&events.iter().collect::<Vec<_>>())
        .await;
    assert_eq!(expiration.rows().await, [0, 0, 1_200]);
    expiration.app.pass(DAY * 14).await;
    assert_eq!(expiration.rows().await, [0, 0, 0]);
}

#[tokio::test]
async fn one_whose_end_is_heard_of_meanwhile_stays() {
    if !are_several_writers() {
        return;
    }
    let expiration = Expiration::start().await;
    let app = &expiration.app;
    let told = expiration.order();
    app.publish(created(&told)).await;
    app.pass(LOCK).await;
    app.hand.advance(DAY * 15);
    let (db, halt) = (app.db("expiration"), Arc::new(Halt::new()));
    let ends = db.write((app.clock.now(), halt.clone()), |tx, (now, halt)| {
        Box::pin(async move {
            let sql = "UPDATE deadlines SET state = 'ended', changed_at = $1";
            let ended = tx.execute(sql, &params![*now]).await;
            halt.stand().await;
            ended
        })
    });
    let (ended, ()) = meet(db, &halt, ends, app.settle()).await;
    assert_eq!(ended.unwrap(), 1);
    assert_eq!(expiration.rows().await, [0, 0, 1]);
}
