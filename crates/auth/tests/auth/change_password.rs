//! `POST /api/users/password`.

use futures_util::future::join;
use serde_json::{Value, json};

use crate::support::{
    Auth, PASSWORD, Signed, credentials, invalid, invalid_credentials, not_signed_in,
};

const NEW: &str = "battery staple";

fn change(current: &str, new: &str) -> Value {
    json!({ "current": current, "new": new })
}

fn with_new() -> Value {
    json!({ "email": "ada@example.com", "password": NEW })
}

#[tokio::test]
async fn the_new_password_counts_and_the_old_one_no_longer() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let answer = auth
        .post("password", change(PASSWORD, NEW))
        .with_token(&member)
        .send()
        .await;
    assert_eq!(answer.shown(), json!({ "status": 200, "body": {} }));
    let old = auth
        .post("signin", credentials("ada@example.com"))
        .send()
        .await;
    assert_eq!(old.shown(), invalid_credentials());
    let new = auth.post("signin", with_new()).send().await;
    assert_eq!(new.status, 200);
}

#[tokio::test]
async fn other_sessions_end_and_this_one_goes_on() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let other = auth.sign_in("ada@example.com").await;
    let grace = auth.sign_up("grace@example.com").await;
    auth.post("password", change(PASSWORD, NEW))
        .with_token(&member)
        .send()
        .await;
    assert!(!auth.is_known(&other).await && !auth.is_let_in(&other).await);
    auth.app.settle().await;
    assert!(!auth.is_known_elsewhere(&other).await);
    for living in [&member, &grace] {
        assert!(auth.is_known(living).await && auth.is_known_elsewhere(living).await);
    }
    assert_eq!(auth.published_after(2).await, ["session:ended"]);
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let other = auth.sign_in("ada@example.com").await;
    let answer = auth
        .post("password", change("wrong horse", NEW))
        .with_token(&member)
        .send()
        .await;
    assert_eq!(answer.shown(), invalid_credentials());
    assert!(auth.is_known(&other).await);
    auth.sign_in("ada@example.com").await;
}

#[tokio::test]
async fn it_takes_a_session_and_a_valid_body() {
    let auth = Auth::start().await;
    let nobody = auth.post("password", change(PASSWORD, NEW)).send().await;
    assert_eq!(nobody.shown(), not_signed_in());
    let stranger = auth.app.sign_in();
    let unknown = auth.post("password", change(PASSWORD, NEW)).by(&stranger);
    assert_eq!(unknown.send().await.shown(), not_signed_in());

    let member = auth.sign_up("ada@example.com").await;
    let wrong = auth
        .post("password", change("", "short"))
        .with_token(&member);
    assert_eq!(
        wrong.send().await.shown(),
        invalid(&[
            ("current", "You must supply a password"),
            ("new", "Password must be between 8 and 128 characters"),
        ])
    );
}

#[tokio::test]
async fn of_two_changes_at_once_the_second_finds_another_password() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let (one, two) = join(
        auth.post("password", change(PASSWORD, NEW))
            .with_token(&member)
            .send(),
        auth.post("password", change(PASSWORD, NEW))
            .with_token(&member)
            .send(),
    )
    .await;
    let mut statuses = [one.status.as_u16(), two.status.as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401]);
}

#[tokio::test]
async fn a_sign_in_under_way_with_the_old_password_leaves_no_session() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let (changed, signed_in) = join(
        auth.post("password", change(PASSWORD, NEW))
            .with_token(&member)
            .send(),
        auth.post("signin", credentials("ada@example.com")).send(),
    )
    .await;
    assert_eq!(changed.status, 200);
    // Whichever was first: opened before the change it was ended by it, after it was refused.
    if signed_in.status == 200 {
        let opened = crate::support::Member::from(&signed_in);
        assert!(!auth.is_known(&opened).await);
    } else {
        assert_eq!(signed_in.shown(), invalid_credentials());
    }
}
