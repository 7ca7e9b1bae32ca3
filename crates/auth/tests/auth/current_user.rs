//! `GET /api/users/currentuser`.

use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_platform::db::DbError;
use tessera_platform::testing::Answer;

use crate::support::{Auth, Member, Signed, bearer, clears_cookie, cookie};

const DAY: SignedDuration = SignedDuration::from_hours(24);

fn nobody() -> Value {
    json!({ "status": 200, "body": { "currentUser": null } })
}

fn untouched(answer: &Answer) -> bool {
    answer.header("set-cookie").is_empty() && answer.header("authorization").is_empty()
}

impl Auth {
    async fn ask(&self, member: &Member) -> Answer {
        self.get("currentuser").with_token(member).send().await
    }
}

#[tokio::test]
async fn nobody_is_null() {
    let auth = Auth::start().await;
    let answer = auth.get("currentuser").send().await;
    assert_eq!(answer.shown(), nobody());
    assert!(untouched(&answer));
}

#[tokio::test]
async fn a_dead_cookie_is_taken_away() {
    let auth = Auth::start().await;
    let forged = auth
        .get("currentuser")
        .header("cookie", "session=not.a.token")
        .send()
        .await;
    assert_eq!(forged.shown(), nobody());
    assert!(clears_cookie(&forged));

    let member = auth.sign_up("ada@example.com").await;
    auth.post("signout", json!({}))
        .with_cookie(&member)
        .send()
        .await;
    let dead = auth.get("currentuser").with_cookie(&member).send().await;
    assert_eq!(dead.shown(), nobody());
    assert!(clears_cookie(&dead));
    let by_bearer = auth.ask(&member).await;
    assert!(untouched(&by_bearer), "there is no cookie to take away");
}

#[tokio::test]
async fn a_token_is_renewed_after_an_hour_the_way_it_came() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    auth.app.hand.advance(SignedDuration::from_mins(60));
    assert!(untouched(&auth.ask(&member).await));

    auth.app.hand.advance(SignedDuration::from_secs(1));
    let by_bearer = auth.ask(&member).await;
    let renewed = bearer(&by_bearer).expect("a new token");
    assert_ne!(renewed, member.token);
    assert_eq!(cookie(&by_bearer), None);

    let by_cookie = auth.get("currentuser").with_cookie(&member).send().await;
    assert_eq!(cookie(&by_cookie), Some(renewed), "of the same moment");
    assert_eq!(
        bearer(&by_cookie),
        None,
        "no script may read the cookie's token"
    );
}

#[tokio::test]
async fn who_comes_by_within_thirty_days_stays_signed_in() {
    let auth = Auth::start().await;
    let mut member = auth.sign_up("ada@example.com").await;
    for _ in 0..3 {
        auth.app.pass(DAY * 30 - SignedDuration::from_secs(1)).await;
        assert!(
            !auth.is_known_elsewhere(&member).await,
            "the token has run out"
        );
        let answer = auth.ask(&member).await;
        bearer(&answer)
            .expect("a new token")
            .clone_into(&mut member.token);
        assert!(auth.is_known_elsewhere(&member).await);
    }
    auth.app.hand.advance(DAY * 30);
    assert_eq!(auth.ask(&member).await.shown(), nobody());
}

#[tokio::test]
async fn the_token_before_a_renewal_counts_to_its_own_end() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    auth.app.hand.advance(SignedDuration::from_hours(2));
    bearer(&auth.ask(&member).await).expect("a new token");
    assert!(auth.is_known_elsewhere(&member).await);
    auth.app
        .hand
        .advance(SignedDuration::from_hours(22) - SignedDuration::from_secs(1));
    assert!(auth.is_known_elsewhere(&member).await);
    auth.app.hand.advance(SignedDuration::from_secs(1));
    assert!(!auth.is_known_elsewhere(&member).await);
}

#[tokio::test]
async fn an_ended_session_is_never_renewed() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    auth.post("signout", json!({}))
        .with_token(&member)
        .send()
        .await;
    // Past the moment until which the end itself is remembered.
    for _ in 0..3 {
        auth.app.pass(DAY).await;
        assert_eq!(auth.ask(&member).await.shown(), nobody());
    }
}

#[tokio::test]
async fn a_session_ended_by_another_replica_is_dead_before_its_event_comes() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let end = auth.app.db("auth").write((), |tx, ()| {
        let sql = "UPDATE sessions SET ended_at = created_at";
        Box::pin(async move { tx.execute(sql, &[]).await })
    });
    let ended: Result<u64, DbError> = end.await;
    assert_eq!(ended.unwrap(), 1);
    assert_eq!(auth.ask(&member).await.shown(), nobody());
}

#[tokio::test]
async fn a_genuine_token_of_no_session_is_nobody_s() {
    let auth = Auth::start().await;
    let stranger = auth.app.sign_in();
    let answer = auth.get("currentuser").by(&stranger).send().await;
    assert_eq!(answer.shown(), nobody());
}

#[tokio::test]
async fn a_renewal_that_cannot_be_noted_is_no_renewal() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    tessera_platform::testing::forbid(auth.app.db("auth"), "sessions", "UPDATE").await;
    assert!(auth.is_known(&member).await, "a young token needs no note");
    auth.app.hand.advance(SignedDuration::from_hours(2));
    let answer = auth.ask(&member).await;
    assert_eq!(answer.status, 500);
    assert!(untouched(&answer));
}
