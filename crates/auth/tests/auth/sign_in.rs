//! `POST /api/users/signin`.

use jiff::SignedDuration;
use serde_json::json;
use tessera_platform::testing::Lossy;

use crate::support::{Auth, Member, credentials, invalid, invalid_credentials};

#[tokio::test]
async fn signing_in_opens_another_session() {
    let auth = Auth::start().await;
    let first = auth.sign_up("Ada@example.com").await;
    let answer = auth
        .post("signin", credentials(" ada@EXAMPLE.com"))
        .send()
        .await;
    assert_eq!(
        answer.shown(),
        json!({ "status": 200, "body": { "id": "[id]", "email": "Ada@example.com" } })
    );
    let second = Member::from(&answer);
    assert_eq!(second.id, first.id);
    assert_ne!(second.sid(), first.sid());
    assert!(auth.is_known(&first).await && auth.is_known(&second).await);
    assert!(auth.is_known_elsewhere(&second).await);
}

#[tokio::test]
async fn an_unknown_address_and_a_wrong_password_get_the_same_answer() {
    let auth = Auth::start().await;
    auth.sign_up("ada@example.com").await;
    let unknown = auth
        .post("signin", credentials("grace@example.com"))
        .send()
        .await;
    let wrong = json!({ "email": "ada@example.com", "password": "wrong horse" });
    let wrong = auth.post("signin", wrong).send().await;
    for answer in [&unknown, &wrong] {
        assert_eq!(answer.shown(), invalid_credentials());
        assert_eq!(answer.header("set-cookie"), "");
        assert_eq!(answer.header("authorization"), "");
    }
    let names = |answer: &tessera_platform::testing::Answer| {
        answer
            .headers
            .keys()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(&unknown), names(&wrong));
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let auth = Auth::start().await;
    let answer = auth
        .post("signin", json!({ "email": "ada", "password": "" }))
        .send()
        .await;
    assert_eq!(
        answer.shown(),
        invalid(&[
            ("email", "Email must be valid"),
            ("password", "You must supply a password"),
        ])
    );
    let none = auth.post("signin", json!({})).send().await;
    assert_eq!(
        none.shown(),
        invalid(&[
            ("email", "email is required"),
            ("password", "password is required"),
        ])
    );
}

#[tokio::test]
async fn a_short_password_is_wrong_and_not_invalid() {
    let auth = Auth::start().await;
    auth.sign_up("ada@example.com").await;
    let body = json!({ "email": "ada@example.com", "password": "x" });
    let answer = auth.post("signin", body).send().await;
    assert_eq!(answer.shown(), invalid_credentials());
}

#[tokio::test]
async fn with_too_many_sessions_the_one_least_lately_used_ends() {
    let auth = Auth::start().await;
    let oldest = auth.sign_up("ada@example.com").await;
    let second = auth.sign_in("ada@example.com").await;
    // The rest of the hundred, without as many argon2 hashes.
    let rows = "INSERT INTO sessions (id, user_id, created_at, last_used_at)
        VALUES ($1, $2, $3, $3)";
    for _ in 2..100 {
        let row = (auth.app.ids.next(), oldest.id, auth.app.clock.now());
        let write = auth.app.db("auth").write(row, move |tx, (id, user, now)| {
            Box::pin(async move {
                tx.execute(rows, &tessera_platform::params![*id, *user, *now])
                    .await
            })
        });
        write.await.unwrap();
    }
    auth.app.hand.advance(SignedDuration::from_hours(2));
    assert!(auth.is_known(&oldest).await, "which uses it");
    let newest = auth.sign_in("ada@example.com").await;
    assert!(!auth.is_known(&second).await && !auth.is_let_in(&second).await);
    assert!(auth.is_known(&oldest).await && auth.is_known(&newest).await);
    assert_eq!(auth.published_after(1).await, ["session:ended"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_whose_commit_is_in_doubt_opens_one_session() {
    let mut lossy = None;
    let auth = Auth::start_with(|settings| lossy = Lossy::before(&mut settings.database)).await;
    let Some(lossy) = lossy else { return };
    lossy.lose_the_answer_to_the_next_commit();
    let first = auth.sign_up("ada@example.com").await;
    lossy.lose_the_answer_to_the_next_commit();
    let second = auth.sign_in("ada@example.com").await;
    lossy.lose_the_next_commit();
    let third = auth.sign_in("ada@example.com").await;
    for member in [first, second, third] {
        assert!(auth.is_let_in(&member).await);
    }
    assert_eq!(auth.count("sessions").await, 3);
}
