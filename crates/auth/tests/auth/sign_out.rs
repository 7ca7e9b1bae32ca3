//! `POST /api/users/signout`.

use axum::http::Method;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_contracts::events::EventData;
use tessera_contracts::time;

use crate::support::{Auth, Signed, clears_cookie, invalid, not_signed_in};

fn signed_out() -> Value {
    json!({ "status": 200, "body": {} })
}

#[tokio::test]
async fn signing_out_takes_the_cookie_away_and_kills_the_token() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let other = auth.sign_in("ada@example.com").await;
    let answer = auth
        .post("signout", json!({}))
        .with_cookie(&member)
        .send()
        .await;
    assert_eq!(answer.shown(), signed_out());
    assert!(clears_cookie(&answer));
    assert!(!auth.is_known(&member).await, "at auth at once");
    assert!(
        auth.is_known_elsewhere(&member).await,
        "not heard of it yet"
    );
    auth.app.settle().await;
    assert!(!auth.is_known_elsewhere(&member).await);
    assert!(auth.is_known(&other).await && auth.is_known_elsewhere(&other).await);
}

#[tokio::test]
async fn the_end_is_announced_until_the_last_token_s() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    auth.app.hand.advance(SignedDuration::from_mins(10));
    let without_body = auth.app.call(Method::POST, "/api/users/signout", None);
    let answer = without_body.with_token(&member).send().await;
    assert_eq!(answer.shown(), signed_out());
    let published = auth.app.published("auth").await;
    let EventData::SessionEnded(ended) = published[1].data else {
        panic!("{:?}", published[1]);
    };
    assert_eq!(ended.sid, member.sid());
    // And five minutes, for another clock.
    assert_eq!(time::text(ended.until), "2030-01-02T12:15:00.000Z");
}

#[tokio::test]
async fn everywhere_ends_all_sessions_of_the_user_and_no_other() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let others = [
        auth.sign_in("ada@example.com").await,
        auth.sign_in("ada@example.com").await,
    ];
    let grace = auth.sign_up("grace@example.com").await;
    let answer = auth
        .post("signout", json!({ "everywhere": true }))
        .with_token(&member)
        .send()
        .await;
    assert_eq!(answer.shown(), signed_out());
    assert!(!auth.is_let_in(&member).await && !auth.is_let_in(&others[0]).await);
    auth.app.settle().await;
    for gone in others.iter().chain([&member]) {
        assert!(!auth.is_known(gone).await);
        assert!(!auth.is_known_elsewhere(gone).await);
    }
    assert!(auth.is_known(&grace).await && auth.is_known_elsewhere(&grace).await);
    assert_eq!(auth.published_after(2).await, ["session:ended"; 3]);
}

#[tokio::test]
async fn who_is_not_signed_in_gets_the_same_answer() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    for body in [json!({}), json!(null)] {
        let nobody = auth.post("signout", body).send().await;
        assert_eq!(nobody.shown(), signed_out());
        assert!(clears_cookie(&nobody));
    }
    for _ in 0..2 {
        let answer = auth
            .post("signout", json!({}))
            .with_cookie(&member)
            .send()
            .await;
        assert_eq!(answer.shown(), signed_out());
        assert!(clears_cookie(&answer));
    }
    assert_eq!(auth.published_after(1).await, ["session:ended"], "once");
}

#[tokio::test]
async fn a_token_that_has_run_out_still_ends_its_session() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    auth.app.pass(SignedDuration::from_hours(48)).await;
    auth.post("signout", json!({}))
        .with_cookie(&member)
        .send()
        .await;
    assert!(!auth.is_known(&member).await);
}

#[tokio::test]
async fn a_token_of_a_session_that_is_long_over_ends_no_other() {
    let auth = Auth::start().await;
    let (ended, idle) = (
        auth.sign_up("ada@example.com").await,
        auth.sign_in("ada@example.com").await,
    );
    auth.post("signout", json!({}))
        .with_token(&ended)
        .send()
        .await;
    // By now its end is forgotten, and the other session has not been used for a month.
    auth.app.pass(SignedDuration::from_hours(31 * 24)).await;
    let member = auth.sign_in("ada@example.com").await;
    let before = auth.published_after(0).await;
    for old in [&ended, &idle] {
        let answer = auth
            .post("signout", json!({ "everywhere": true }))
            .with_token(old)
            .send()
            .await;
        assert_eq!(answer.shown(), signed_out());
    }
    assert!(auth.is_known(&member).await);
    assert_eq!(auth.published_after(0).await, before);
}

#[tokio::test]
async fn a_dead_token_opens_no_door() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    auth.post("signout", json!({}))
        .with_token(&member)
        .send()
        .await;
    let export = auth.get("export").with_token(&member).send().await;
    assert_eq!(export.shown(), not_signed_in());
}

#[tokio::test]
async fn everywhere_is_true_or_false() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let answer = auth
        .post("signout", json!({ "everywhere": "yes" }))
        .with_token(&member)
        .send()
        .await;
    let wrong = [("everywhere", "everywhere must be true or false")];
    assert_eq!(answer.shown(), invalid(&wrong));
    assert!(auth.is_known(&member).await);
}

#[tokio::test]
async fn what_fails_half_way_ends_nothing() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let db = auth.app.db("auth");
    for table in ["ended_sessions", "outbox"] {
        tessera_platform::testing::forbid(db, table, "INSERT").await;
        let answer = auth
            .post("signout", json!({}))
            .with_token(&member)
            .send()
            .await;
        assert_eq!(answer.status, 500);
        assert!(auth.is_known(&member).await);
        tessera_platform::testing::permit(db, table, "INSERT").await;
    }
}
