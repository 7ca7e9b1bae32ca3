//! Rows are claimed once, also by two who look for some at the same moment.

use std::sync::Arc;

use tessera_contracts::ids::UserId;
use tessera_platform::db::{DbError, Tx};
use tessera_platform::testing::{Halt, TestApp, are_several_writers, meet};

use crate::follower::{plan, somebody, start};

async fn claim(tx: &mut Tx) -> Result<Vec<UserId>, DbError> {
    let free = "SELECT user_id FROM plans WHERE plan = 'free' ORDER BY user_id LIMIT 4";
    let take = "UPDATE plans SET plan = 'taken' WHERE user_id IN (SELECT user_id FROM claimed)
        RETURNING user_id";
    let mut rows: Vec<(UserId,)> = tx.claim(free, take, &[]).await?;
    rows.sort_unstable();
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

/// So many that can be claimed, in the order in which they are.
async fn free(app: &TestApp, count: usize) -> Vec<UserId> {
    let users: Vec<UserId> = (0..count).map(|_| somebody(app)).collect();
    for user in &users {
        plan(app, *user, "free").await;
    }
    users
}

#[tokio::test]
async fn what_is_claimed_is_not_claimed_again() {
    let app = start().await;
    let users = free(&app, 6).await;
    let again = async || {
        let claimed = app.db("follower").write((), |tx, ()| Box::pin(claim(tx)));
        claimed.await.unwrap()
    };
    assert_eq!(again().await, users[..4]);
    assert_eq!(again().await, users[4..]);
    assert_eq!(again().await, []);
}

#[tokio::test]
async fn two_who_claim_at_once_share_and_neither_waits() {
    if !are_several_writers() {
        return;
    }
    let app = start().await;
    let users = free(&app, 6).await;
    let (db, halt) = (app.db("follower"), Arc::new(Halt::new()));
    let first = db.write(halt.clone(), |tx, halt| {
        Box::pin(async move {
            let claimed = claim(tx).await;
            halt.stand().await;
            claimed
        })
    });
    let second = async {
        let claimed = db.write((), |tx, ()| Box::pin(claim(tx))).await;
        assert!(!halt.goes_on(), "the second one waited for the first");
        claimed
    };
    let (first, second) = meet(db, &halt, first, second).await;
    assert_eq!(first.unwrap(), users[..4]);
    assert_eq!(second.unwrap(), users[4..]);
}
