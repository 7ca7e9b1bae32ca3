//! The highest version seen of each aggregate.

use tessera_platform::testing::TestApp;
use tessera_platform::versions;
use uuid::Uuid;

use crate::follower::start;

async fn advance(app: &TestApp, id: Uuid, version: i64) -> bool {
    let write = app
        .db("follower")
        .write((id, version), |tx, (id, version)| {
            Box::pin(versions::advance(tx, *id, *version))
        });
    write.await.unwrap()
}

#[tokio::test]
async fn a_version_is_news_if_it_is_higher_than_all_that_were_seen() {
    let app = start().await;
    let (one, other) = (app.ids.next(), app.ids.next());
    assert!(advance(&app, one, 0).await, "the first, even if it is 0");
    assert!(!advance(&app, one, 0).await, "the same again");
    assert!(advance(&app, one, 5).await, "some were skipped");
    assert!(!advance(&app, one, 3).await, "one of those, late");
    assert!(!advance(&app, one, 5).await, "the highest is still known");
    assert!(advance(&app, other, 1).await, "each aggregate has its own");
    assert!(advance(&app, one, 6).await);
}

#[tokio::test]
async fn what_a_rolled_back_transaction_saw_was_not_seen() {
    let app = start().await;
    let id = app.ids.next();
    let refused = app.db("follower").write(id, |tx, id| {
        Box::pin(async move {
            assert!(versions::advance(tx, *id, 9).await?);
            Err::<(), _>(tessera_platform::db::DbError::Busy)
        })
    });
    refused.await.unwrap_err();
    assert!(advance(&app, id, 1).await);
}
