//! The limits on guessing passwords and on making accounts.

use axum::http::Method;
use futures_util::future::join_all;
use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_platform::config::RawSettings;
use tessera_platform::testing::Answer;

use crate::support::{Auth, Signed, credentials, refusal};

const TOO_OFTEN: &str = "That was tried too often. Please wait a little before you try again.";

fn wrong(email: &str) -> Value {
    json!({ "email": email, "password": "wrong horse" })
}

fn assert_too_often(answer: &Answer) {
    let expected = refusal(429, "Too Many Requests", "too_many_requests", TOO_OFTEN);
    assert_eq!(answer.shown(), expected);
    let after: u32 = answer.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&after), "{after}");
}

impl Auth {
    /// With limits, behind a proxy that says where requests come from.
    async fn limited() -> Auth {
        let raw = RawSettings {
            trusted_proxies: Some("127.0.0.1".to_owned()),
            ..RawSettings::default()
        };
        let trusted_proxies = raw.parse().unwrap().trusted_proxies;
        Auth::start_with(|settings| {
            settings.rate_limits = true;
            settings.trusted_proxies = trusted_proxies;
        })
        .await
    }

    async fn post_from(&self, address: &str, path: &str, body: Value) -> Answer {
        let call = self.post(path, body).header("x-forwarded-for", address);
        call.send().await
    }
}

/// More tries than any limit allows.
const MANY: usize = 1_000;

#[tokio::test]
async fn guessing_at_one_account_is_slowed_down_from_wherever_it_comes() {
    let auth = Auth::limited().await;
    let mut guesses = 0;
    let refused = loop {
        let address = format!("192.0.2.{guesses}");
        let answer = auth
            .post_from(&address, "signin", wrong("ada@example.com"))
            .await;
        if answer.status != 401 {
            break answer;
        }
        guesses += 1;
        assert!(guesses < 100, "no limit");
    };
    assert_too_often(&refused);
    let spelt = auth.post_from("192.0.2.200", "signin", wrong("Ada@Example.com"));
    assert_too_often(&spelt.await);
    let other = auth.post_from("192.0.2.200", "signin", wrong("grace@example.com"));
    assert_eq!(other.await.status, 401);
    auth.app.hand.advance(SignedDuration::from_mins(1));
    let later = auth.post_from("192.0.2.200", "signin", wrong("ada@example.com"));
    assert_eq!(later.await.status, 401);
}

#[tokio::test]
async fn one_address_is_slowed_down_at_whichever_account_it_aims() {
    let auth = Auth::limited().await;
    for _ in 0..MANY {
        auth.post_from("192.0.2.1", "signin", wrong("ada@example.com"))
            .await;
        auth.post_from("192.0.2.1", "signup", credentials("ada@example.com"))
            .await;
    }
    for (path, status) in [("signin", 401), ("signup", 201)] {
        let body = credentials("grace@example.com");
        assert_too_often(&auth.post_from("192.0.2.1", path, body.clone()).await);
        let elsewhere = auth.post_from("192.0.2.2", path, body).await;
        assert_eq!(elsewhere.status, status);
    }
    auth.app.hand.advance(SignedDuration::from_mins(1));
    let later = auth.post_from("192.0.2.1", "signin", credentials("grace@example.com"));
    assert_eq!(later.await.status, 200);
}

#[tokio::test]
async fn what_is_not_valid_does_not_count() {
    let auth = Auth::limited().await;
    for _ in 0..20 {
        let body = json!({ "email": "ada@example.com", "password": "short" });
        assert_eq!(
            auth.post_from("192.0.2.1", "signup", body).await.status,
            400
        );
    }
    auth.sign_up("ada@example.com").await;
}

#[tokio::test]
async fn a_stolen_session_does_not_help_with_guessing() {
    let auth = Auth::limited().await;
    let member = auth.sign_up("ada@example.com").await;
    let change = || {
        let body = json!({ "current": "wrong horse", "new": "battery staple" });
        auth.post("password", body).with_token(&member).send()
    };
    let delete = || {
        let body = Some(json!({ "password": "wrong horse" }));
        let call = auth.app.call(Method::DELETE, "/api/users/me", body);
        call.with_token(&member).send()
    };
    let mut guesses = 0;
    while change().await.status == 401 && delete().await.status == 401 {
        guesses += 1;
        assert!(guesses < 100, "no limit");
    }
    assert_too_often(&change().await);
    assert_too_often(&delete().await);
    let sign_in = auth.post("signin", wrong("ada@example.com")).send().await;
    assert_too_often(&sign_in);
}

#[tokio::test]
async fn of_a_flood_of_sign_ins_some_wait_and_the_rest_are_sent_away() {
    let auth = Auth::start().await;
    // Nobody has these addresses: their passwords are checked all the same.
    let calls = (0..120).map(|n| {
        auth.post("signin", wrong(&format!("user{n}@example.com")))
            .send()
    });
    let answers = join_all(calls).await;
    let with = |status: u16| answers.iter().filter(move |answer| answer.status == status);
    assert!(with(401).count() >= 66, "2 run and 64 wait");
    assert!(with(503).count() > 0);
    assert_eq!(with(401).count() + with(503).count(), 120);
    for answer in with(503) {
        let message = "The service is busy. Please try again shortly.";
        let busy = refusal(503, "Service Unavailable", "unavailable", message);
        assert_eq!(answer.shown(), busy);
        assert_eq!(answer.header("retry-after"), "1");
    }
}
