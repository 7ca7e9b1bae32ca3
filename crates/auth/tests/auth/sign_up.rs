//! `POST /api/users/signup`.

use futures_util::future::join_all;
use serde_json::json;
use tessera_contracts::events::EventData;

use crate::support::{Auth, Member, Signed, credentials, invalid, refusal};

#[tokio::test]
async fn signing_up_answers_the_user_and_a_session() {
    let auth = Auth::start().await;
    let answer = auth
        .post("signup", credentials(" Ada@Example.com "))
        .send()
        .await;
    assert_eq!(
        answer.shown(),
        json!({ "status": 201, "body": { "id": "[id]", "email": "Ada@Example.com" } })
    );
    let member = Member::from(&answer);
    let cookie = format!(
        "session={}; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax",
        member.token
    );
    assert_eq!(answer.header("set-cookie"), cookie);
    let known = json!({ "id": member.id, "email": "Ada@Example.com" });
    assert_eq!(auth.current_user(&member).await, known);
    let by_cookie = auth.get("currentuser").with_cookie(&member).send().await;
    assert_eq!(by_cookie.body["currentUser"], known);
}

#[tokio::test]
async fn off_this_machine_the_cookie_is_for_https_alone() {
    let raw = tessera_platform::config::RawSettings {
        public_url: Some("https://tickets.example.com".to_owned()),
        ..Default::default()
    };
    let public_url = raw.parse().unwrap().public_url;
    let auth = Auth::start_with(|settings| settings.public_url = public_url).await;
    let answer = auth
        .post("signup", credentials("ada@example.com"))
        .send()
        .await;
    let cookie = answer.header("set-cookie");
    assert!(cookie.starts_with("__Host-session="), "{cookie}");
    assert!(cookie.contains("; Secure;"), "{cookie}");
}

#[tokio::test]
async fn a_new_user_is_announced_by_their_bare_id() {
    let auth = Auth::start().await;
    let member = auth.sign_up("ada@example.com").await;
    let published = auth.app.published("auth").await;
    assert_eq!(published.len(), 1);
    assert!(matches!(published[0].data, EventData::UserRegistered(user) if user.id == member.id));
    assert!(!published[0].to_json().contains("example.com"));
}

#[tokio::test]
async fn every_wrong_field_is_named_at_once() {
    let auth = Auth::start().await;
    let email = ("email", "Email must be valid");
    let password = ("password", "Password must be between 8 and 128 characters");
    for (body, errors) in [
        (
            json!({}),
            &[
                ("email", "email is required"),
                ("password", "password is required"),
            ][..],
        ),
        (
            json!({ "email": "ada", "password": "short" }),
            &[email, password],
        ),
        (
            json!({ "email": "ada@example.com", "password": "x".repeat(129) }),
            &[password],
        ),
        (
            json!({ "email": "not an address", "password": "correct horse" }),
            &[email],
        ),
        (
            json!({ "email": "ada@example.com" }),
            &[("password", "password is required")],
        ),
        (
            json!({ "email": 7, "password": true }),
            &[
                ("email", "email must be text"),
                ("password", "password must be text"),
            ],
        ),
    ] {
        let answer = auth.post("signup", body).send().await;
        assert_eq!(answer.shown(), invalid(errors));
        assert_eq!(answer.header("set-cookie"), "");
    }
    assert_eq!(auth.count("users").await, 0);
}

#[tokio::test]
async fn an_address_is_taken_however_it_is_spelt() {
    let auth = Auth::start().await;
    auth.sign_up("ada@example.com").await;
    let again = auth
        .post("signup", credentials("ADA@Example.Com"))
        .send()
        .await;
    let mut taken = refusal(409, "Conflict", "email_in_use", "Email in use");
    taken["body"]["errors"][0]["field"] = "email".into();
    assert_eq!(again.shown(), taken);
    assert_eq!(again.header("set-cookie"), "");
    assert_eq!(auth.app.published_types("auth").await, ["user:registered"]);
}

#[tokio::test]
async fn of_16_sign_ups_with_one_address_one_succeeds() {
    let auth = Auth::start().await;
    let spellings = ["ada@example.com", "Ada@example.com"];
    let calls = (0..16).map(|n| auth.post("signup", credentials(spellings[n % 2])).send());
    let answers = join_all(calls).await;
    let with = |status: u16| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!((with(201), with(409)), (1, 15));
    assert_eq!(
        (auth.count("users").await, auth.count("sessions").await),
        (1, 1)
    );
    assert_eq!(auth.app.published_types("auth").await, ["user:registered"]);
}

#[tokio::test]
async fn what_fails_half_way_leaves_nothing() {
    let auth = Auth::start().await;
    let db = auth.app.db("auth");
    for table in ["sessions", "outbox"] {
        tessera_platform::testing::forbid(db, table, "INSERT").await;
        let answer = auth
            .post("signup", credentials("ada@example.com"))
            .send()
            .await;
        assert_eq!(answer.status, 500);
        assert_eq!(
            (auth.count("users").await, auth.count("sessions").await),
            (0, 0)
        );
        tessera_platform::testing::permit(db, table, "INSERT").await;
    }
    auth.sign_up("ada@example.com").await;
}

#[tokio::test]
async fn the_password_is_kept_as_its_argon2id_hash_alone() {
    let auth = Auth::start().await;
    auth.sign_up("ada@example.com").await;
    let sql = "SELECT password_hash FROM users";
    let row: Option<(String,)> = auth.app.db("auth").opt(sql, &[]).await.unwrap();
    let (hash,) = row.unwrap();
    assert!(
        hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
        "{hash}"
    );
}
