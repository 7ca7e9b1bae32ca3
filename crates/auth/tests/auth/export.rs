//! `GET /api/users/export`.

use jiff::SignedDuration;
use serde_json::json;
use tessera_platform::params;

use crate::support::{Auth, Signed, not_signed_in};

#[tokio::test]
async fn all_that_is_held_is_exported_but_the_hash() {
    let auth = Auth::start().await;
    let member = auth.sign_up("Ada@example.com").await;
    auth.sign_up("grace@example.com").await;
    auth.app.hand.advance(SignedDuration::from_mins(1));
    let other = auth.sign_in("ada@example.com").await;
    auth.app.hand.advance(SignedDuration::from_mins(1));
    auth.post("signout", json!({}))
        .with_token(&other)
        .send()
        .await;

    let answer = auth.get("export").with_token(&member).send().await;
    assert_eq!(answer.status, 200);
    assert_eq!(
        answer.body,
        json!({
            "id": member.id,
            "email": "Ada@example.com",
            "createdAt": "2030-01-01T12:00:00.000Z",
            "updatedAt": "2030-01-01T12:00:00.000Z",
            "sessions": [
                {
                    "id": other.sid(),
                    "createdAt": "2030-01-01T12:01:00.000Z",
                    "usedAt": "2030-01-01T12:01:00.000Z",
                    "expiresAt": "2030-01-01T12:02:00.000Z",
                },
                {
                    "id": member.sid(),
                    "createdAt": "2030-01-01T12:00:00.000Z",
                    "usedAt": "2030-01-01T12:00:00.000Z",
                    "expiresAt": "2030-01-31T12:00:00.000Z",
                },
            ],
        })
    );
}

#[tokio::test]
async fn it_takes_a_session() {
    let auth = Auth::start().await;
    let nobody = auth.get("export").send().await;
    assert_eq!(nobody.shown(), not_signed_in());
    let stranger = auth.app.sign_in();
    let unknown = auth.get("export").by(&stranger).send().await;
    assert_eq!(unknown.shown(), not_signed_in());
}

#[tokio::test]
async fn it_takes_a_session_that_lives_whatever_this_process_has_heard() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    // As another process of auth does it.
    let ended = auth.app.db("auth").write(auth.app.clock.now(), |tx, now| {
        let sql = "UPDATE sessions SET ended_at = $1";
        Box::pin(async move { tx.execute(sql, &params![*now]).await })
    });
    assert_eq!(ended.await.unwrap(), 1);
    let answer = auth.get("export").with_token(&member).send().await;
    assert_eq!(answer.shown(), not_signed_in());
}
