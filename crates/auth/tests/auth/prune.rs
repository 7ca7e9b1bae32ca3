//! Sessions that are of no use to anyone are deleted.

use jiff::SignedDuration;
use serde_json::json;
use tessera_platform::params;

use crate::support::{Auth, Signed};

const DAY: SignedDuration = SignedDuration::from_hours(24);

#[tokio::test]
async fn an_idle_session_goes_after_thirty_days() {
    let auth = Auth::start().await;
    auth.sign_up("ada@example.com").await;
    auth.app.pass(DAY * 30 - SignedDuration::from_secs(1)).await;
    assert_eq!(auth.count("sessions").await, 1);
    auth.app.pass(SignedDuration::from_secs(1)).await;
    assert_eq!(auth.count("sessions").await, 0);
    assert_eq!(auth.count("users").await, 1);
}

#[tokio::test]
async fn an_ended_session_goes_after_a_day() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    auth.sign_in("ada@example.com").await;
    auth.post("signout", json!({}))
        .with_token(&member)
        .send()
        .await;
    auth.app.pass(DAY - SignedDuration::from_secs(1)).await;
    assert_eq!(auth.count("sessions").await, 2);
    auth.app.pass(SignedDuration::from_secs(1)).await;
    assert_eq!(auth.count("sessions").await, 1);
}

#[tokio::test]
async fn many_go_portion_by_portion() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let rows = (0..1_200).map(|_| auth.app.ids.next()).collect::<Vec<_>>();
    let insert = "INSERT INTO sessions (id, user_id, created_at, last_used_at)
        VALUES ($1, $2, $3, $3)";
    let write = auth
        .app
        .db("auth")
        .write((rows, member.id), move |tx, (rows, user)| {
            Box::pin(async move {
                let now = tx.now();
                let rows: Vec<_> = rows
                    .iter()
                    .map(|id| params![*id, *user, now].to_vec())
                    .collect();
                tx.execute_many(insert, &rows).await
            })
        });
    assert_eq!(write.await.unwrap(), 1_200);
    auth.app.pass(DAY * 30).await;
    assert_eq!(auth.count("sessions").await, 0);
}
