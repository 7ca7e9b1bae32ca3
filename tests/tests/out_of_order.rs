//! Transactions that commit in another order than they began in. A database with several writers
//! does that every day, and SQLite's one writer never: here it is done by hand.
#![cfg(test)]

use tessera_contracts::events::{Event, EventData, ExpirationComplete};
use tessera_platform::db::DbError;
use tessera_platform::params;
use tessera_platform::testing::TestApp;
use tessera_tests::market::Market;

/// Commits an event whose transaction drew its id earlier.
async fn commit_late(app: &TestApp, service: &str, event: Event) {
    let sql = "INSERT INTO outbox (id, type, payload, created_at) VALUES ($1, $2, $3, $4)";
    let insert = app.db(service).write(event, move |tx, event| {
        Box::pin(async move {
            let kind = event.data.event_type().name();
            let params = params![event.id, kind, event.to_json(), event.time];
            tx.execute(sql, &params).await
        })
    });
    let inserted: Result<u64, DbError> = insert.await;
    assert_eq!(inserted.expect("the row"), 1);
}

#[tokio::test]
async fn an_event_that_is_committed_after_a_younger_one_is_published_too() {
    let market = Market::open().await;
    let order_id = market.app.ids.next().into();
    let data = EventData::ExpirationComplete(ExpirationComplete { order_id });
    let event = market.app.event(data);
    // A younger one of the same service is committed, and published.
    market.list().await;

    let id = event.id;
    let mut passing = market.app.runtime.bus().watch();
    commit_late(&market.app, "tickets", event).await;
    market.app.settle().await;
    let seen = passing.try_recv().expect("it was published");
    assert_eq!(seen.id, id);
}
