//! `DELETE /api/users/me`.

use axum::http::Method;
use serde_json::{Value, json};
use tessera_contracts::events::EventData;
use tessera_platform::testing::{Call, forbid, permit};

use crate::support::{
    Auth, PASSWORD, Signed, clears_cookie, credentials, invalid, invalid_credentials, not_signed_in,
};

impl Auth {
    fn delete_me(&self, body: Value) -> Call<'_> {
        self.app.call(Method::DELETE, "/api/users/me", Some(body))
    }
}

fn password() -> Value {
    json!({ "password": PASSWORD })
}

#[tokio::test]
async fn nothing_is_kept_of_a_deleted_user() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let grace = auth.sign_up("grace@example.com").await;
    let answer = auth.delete_me(password()).with_token(&member).send().await;
    assert_eq!(answer.shown(), json!({ "status": 204, "body": null }));
    assert!(clears_cookie(&answer));
    assert_eq!(
        (auth.count("users").await, auth.count("sessions").await),
        (1, 1)
    );
    let gone = auth
        .post("signin", credentials("ada@example.com"))
        .send()
        .await;
    assert_eq!(gone.shown(), invalid_credentials());
    assert!(auth.is_known(&grace).await);
    let again = auth.sign_up("ada@example.com").await;
    assert_ne!(again.id, member.id, "the address is free for another user");
}

#[tokio::test]
async fn tokens_of_a_deleted_user_are_refused_everywhere() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let other = auth.sign_in("ada@example.com").await;
    auth.delete_me(password()).with_token(&member).send().await;
    for token in [&member, &other] {
        assert!(!auth.is_known(token).await);
        let export = auth.get("export").with_token(token).send().await;
        assert_eq!(export.shown(), not_signed_in());
    }
    auth.app.settle().await;
    assert!(!auth.is_known_elsewhere(&member).await);
    assert!(!auth.is_known_elsewhere(&other).await);
}

#[tokio::test]
async fn the_end_of_user_and_sessions_is_announced() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    auth.sign_in("ada@example.com").await;
    auth.delete_me(password()).with_token(&member).send().await;
    assert_eq!(
        auth.published_after(1).await,
        ["session:ended", "session:ended", "user:deleted"]
    );
    let published = auth.app.published("auth").await;
    let last = published.last().unwrap();
    assert!(matches!(last.data, EventData::UserDeleted(user) if user.id == member.id));
}

#[tokio::test]
async fn it_takes_a_session_and_the_password() {
    let auth = Auth::start().await;
    let nobody = auth.delete_me(password()).send().await;
    assert_eq!(nobody.shown(), not_signed_in());
    let member = auth.sign_up("ada@example.com").await;
    let wrong = auth.delete_me(json!({ "password": "wrong horse" }));
    let wrong = wrong.with_token(&member).send().await;
    assert_eq!(wrong.shown(), invalid_credentials());
    let none = auth.delete_me(json!({})).with_token(&member).send().await;
    assert_eq!(
        none.shown(),
        invalid(&[("password", "password is required")])
    );
    assert!(auth.is_known(&member).await);
}

#[tokio::test]
async fn what_fails_half_way_deletes_nothing() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let db = auth.app.db("auth");
    for (table, operation) in [
        ("ended_sessions", "INSERT"),
        ("users", "DELETE"),
        ("outbox", "INSERT"),
    ] {
        forbid(db, table, operation).await;
        let answer = auth.delete_me(password()).with_token(&member).send().await;
        assert_eq!(answer.status, 500, "{table}");
        permit(db, table, operation).await;
        assert!(auth.is_known(&member).await, "{table}");
    }
}
