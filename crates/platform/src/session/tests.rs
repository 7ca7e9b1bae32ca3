//! What counts as a session, and what does not.

use std::os::unix::fs::PermissionsExt;

use aws_lc_rs::signature::Ed25519KeyPair;
use axum::http::{HeaderMap, HeaderValue, header};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::clock::Hand;
use crate::config::{JwtSeed, RawSettings, Settings};
use crate::db::{Db, Migration};
use crate::ids::Ids;

const SEED: [u8; 32] = [7; 32];
const OTHER_SEED: [u8; 32] = [8; 32];

fn noon() -> Timestamp {
    "2030-01-01T12:00:00Z".parse().unwrap()
}

fn somebody() -> User {
    User {
        id: Uuid::from_u128(1).into(),
        sid: Uuid::from_u128(2).into(),
    }
}

fn keys(seed: [u8; 32]) -> SigningKeys {
    SigningKeys::new(&JwtSeed::new(seed), None).unwrap()
}

/// The sessions of a service at noon.
fn sessions() -> (Sessions, Hand) {
    let (clock, hand) = Clock::manual(noon());
    let verifier = Verifier::new(keys(SEED).public_keys());
    let cookie = CookieRule::for_url(&Settings::for_tests().public_url);
    (
        Sessions::new(verifier, Ended::default(), cookie, clock),
        hand,
    )
}

fn bearing(token: &str) -> HeaderMap {
    let value = HeaderValue::try_from(format!("Bearer {token}")).unwrap();
    HeaderMap::from_iter([(header::AUTHORIZATION, value)])
}

/// A token with any header and claims, signed as ours are.
fn forged(seed: [u8; 32], header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let message = format!("{}.{}", part(header), part(claims));
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    format!(
        "{message}.{}",
        URL_SAFE_NO_PAD.encode(pair.sign(message.as_bytes()))
    )
}

fn our_header() -> Value {
    let jwks = keys(SEED).jwks();
    json!({ "alg": "EdDSA", "typ": "JWT", "kid": jwks["keys"][0]["kid"] })
}

fn our_claims() -> Value {
    let User { id, sid } = somebody();
    let now = noon().as_second();
    json!({ "iss": "tessera", "aud": "tessera", "sub": id, "sid": sid, "iat": now, "exp": now + 86_400 })
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

#[test]
fn a_token_says_who_is_signed_in() {
    let (sessions, _hand) = sessions();
    let token = keys(SEED).issue(somebody(), noon()).unwrap();
    for _ in 0..2 {
        let verified = sessions.authenticate(&bearing(&token)).unwrap();
        assert_eq!(verified.user, somebody());
        assert_eq!(verified.issued_at, noon());
        assert_eq!(verified.expires_at, noon() + SignedDuration::from_hours(24));
    }
}

#[test]
fn a_token_of_our_own_making_is_as_good() {
    let (sessions, _hand) = sessions();
    assert!(
        sessions
            .authenticate(&bearing(&forged(SEED, &our_header(), &our_claims())))
            .is_some()
    );
}

fn assert_refused(refused: &[(&str, String)]) {
    let (sessions, _hand) = sessions();
    for (what, token) in refused {
        assert_eq!(sessions.authenticate(&bearing(token)), None, "{what}");
        assert_eq!(
            sessions.authenticate(&bearing(token)),
            None,
            "{what}, asked again"
        );
        assert_eq!(
            sessions.recognise(&bearing(token)),
            None,
            "{what}, to be renewed"
        );
    }
}

#[test]
fn a_token_that_is_not_of_our_keys_counts_for_nothing() {
    let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let genuine = forged(SEED, &our_header(), &our_claims());
    let (head, rest) = genuine.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let another = encoded(&with(our_claims(), "sub", json!(Uuid::from_u128(9))));
    let none = encoded(&with(our_header(), "alg", json!("none")));
    let signed_as = |header: Value| forged(SEED, &header, &our_claims());
    assert_refused(&[
        (
            "another key under our name",
            forged(OTHER_SEED, &our_header(), &our_claims()),
        ),
        ("changed claims", format!("{head}.{another}.{signature}")),
        ("no algorithm, no signature", format!("{none}.{claims}.")),
        (
            "no algorithm, our signature",
            format!("{none}.{claims}.{signature}"),
        ),
        (
            "another algorithm",
            signed_as(with(our_header(), "alg", json!("HS256"))),
        ),
        (
            "unknown key",
            signed_as(with(our_header(), "kid", json!("else"))),
        ),
        ("unnamed key", signed_as(without(our_header(), "kid"))),
        (
            "something to be understood",
            signed_as(with(our_header(), "crit", json!(["b64"]))),
        ),
        ("over long", format!("{genuine}{}", "A".repeat(1024))),
        ("cut short", genuine[..genuine.len() - 4].to_owned()),
        ("nothing", String::new()),
        ("no token at all", "abc".to_owned()),
    ]);
}

#[test]
fn a_token_for_another_purpose_counts_for_nothing() {
    let saying = |claims: Value| forged(SEED, &our_header(), &claims);
    assert_refused(&[
        (
            "another audience",
            saying(with(our_claims(), "aud", json!("else"))),
        ),
        ("no audience", saying(without(our_claims(), "aud"))),
        (
            "another issuer",
            saying(with(our_claims(), "iss", json!("else"))),
        ),
        ("no issuer", saying(without(our_claims(), "iss"))),
        ("no end", saying(without(our_claims(), "exp"))),
        ("no session", saying(without(our_claims(), "sid"))),
        ("no user", saying(with(our_claims(), "sub", json!("ada")))),
    ]);
    let (sessions, _hand) = sessions();
    for from in ["iat", "nbf"] {
        let early = saying(with(our_claims(), from, json!(noon().as_second() + 3600)));
        assert_eq!(sessions.authenticate(&bearing(&early)), None, "{from}");
    }
}

#[test]
fn a_token_ends_to_the_second_also_when_it_was_verified_before() {
    let (sessions, hand) = sessions();
    let headers = bearing(&keys(SEED).issue(somebody(), noon()).unwrap());
    hand.advance(SignedDuration::from_hours(24) - SignedDuration::from_millis(1));
    assert!(sessions.authenticate(&headers).is_some());
    hand.advance(SignedDuration::from_millis(1));
    assert_eq!(sessions.authenticate(&headers), None);
    assert_eq!(sessions.recognise(&headers).unwrap().user, somebody());
}

#[test]
fn an_ended_session_counts_for_nothing_at_once() {
    let (sessions, hand) = sessions();
    let headers = bearing(&keys(SEED).issue(somebody(), noon()).unwrap());
    assert!(sessions.authenticate(&headers).is_some());
    let until = noon() + SignedDuration::from_hours(24);
    sessions.ended().insert(somebody().sid, until);
    assert_eq!(sessions.authenticate(&headers), None);
    assert_eq!(sessions.recognise(&headers), None);
    sessions.ended().forget_past(noon());
    assert_eq!(sessions.authenticate(&headers), None);
    hand.set(until);
    sessions.ended().forget_past(until);
    assert!(!sessions.ended().contains(somebody().sid));
    assert_eq!(sessions.authenticate(&headers), None);
}

#[test]
fn tokens_of_the_previous_key_still_count() {
    let (clock, _hand) = Clock::manual(noon());
    let old = keys(OTHER_SEED).issue(somebody(), noon()).unwrap();
    let rotated = SigningKeys::new(&JwtSeed::new(SEED), Some(&JwtSeed::new(OTHER_SEED))).unwrap();
    let verifier = Verifier::new(rotated.public_keys());
    assert_eq!(rotated.jwks()["keys"].as_array().unwrap().len(), 2);
    assert!(verifier.verify(&old, clock.now()).is_some());
    assert!(
        verifier
            .verify(&rotated.issue(somebody(), noon()).unwrap(), clock.now())
            .is_some()
    );
    assert!(
        Verifier::new(keys(SEED).public_keys())
            .verify(&old, clock.now())
            .is_none()
    );
}

#[test]
fn the_bearer_token_goes_before_the_cookie() {
    let (sessions, _hand) = sessions();
    let token = keys(SEED).issue(somebody(), noon()).unwrap();
    let mut headers = bearing("worthless");
    let cookie = format!("theme=dark; session={token}; other=x");
    headers.insert(header::COOKIE, HeaderValue::try_from(cookie).unwrap());
    assert_eq!(sessions.authenticate(&headers), None);
    headers.remove(header::AUTHORIZATION);
    assert!(sessions.authenticate(&headers).is_some());
}

#[test]
fn the_cookie_is_secure_off_this_machine() {
    let rule = |url: &str| {
        let raw = RawSettings {
            public_url: Some(url.to_owned()),
            ..RawSettings::default()
        };
        CookieRule::for_url(&raw.parse().unwrap().public_url)
    };
    let day = SignedDuration::from_hours(24);
    let local = rule("http://localhost:3000").set("t", day).unwrap();
    assert_eq!(
        local,
        "session=t; Max-Age=86400; Path=/; HttpOnly; SameSite=Lax"
    );
    for url in [
        "https://tickets.example.com",
        "http://tickets.example.com",
        "https://localhost",
    ] {
        let set = rule(url).set("t", day).unwrap();
        assert_eq!(
            set,
            "__Host-session=t; Max-Age=86400; Path=/; Secure; HttpOnly; SameSite=Lax"
        );
    }
    let cleared = rule("http://127.0.0.1:3000").clear().unwrap();
    assert_eq!(
        cleared,
        "session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"
    );
}

#[tokio::test]
async fn ended_sessions_outlive_a_restart_until_their_tokens_end() {
    let dir = tempfile::tempdir().unwrap();
    let (clock, hand) = Clock::manual(noon());
    let tables = [
        ended::MIGRATION,
        include_str!("../migrations/0005_ended_sessions_seen.sql"),
    ];
    let tables = tables.map(|sql| Migration { name: sql, sql });
    let ids = Ids::seeded(1, clock.clone());
    let db = Db::open_sqlite(
        &dir.path().join("orders.db"),
        "orders",
        &tables,
        &clock,
        &ids,
    )
    .unwrap();
    let until = noon() + SignedDuration::from_hours(1);
    let all: Vec<_> = (0..1_200).map(|_| SessionId::from(ids.next())).collect();
    let noted = all.clone();
    db.write(noted, move |tx, noted| {
        Box::pin(async move {
            for sid in noted {
                ended::record(tx, *sid, until).await?;
                ended::record(tx, *sid, until).await?;
            }
            Ok::<_, crate::db::DbError>(())
        })
    })
    .await
    .unwrap();
    let read = Ended::load(&db).await.unwrap();
    assert!(all.iter().all(|sid| read.contains(*sid)));
    let prune = || db.write((), |tx, ()| Box::pin(ended::prune(tx)));
    assert!(!prune().await.unwrap());
    hand.set(until);
    assert!(prune().await.unwrap());
    assert!(!prune().await.unwrap());
    let read = Ended::load(&db).await.unwrap();
    assert!(!all.iter().any(|sid| read.contains(*sid)));
}

#[test]
fn the_key_is_made_once_and_kept_for_the_owner_alone() {
    let dir = tempfile::tempdir().unwrap();
    let settings = Settings {
        data_dir: dir.path().join("data"),
        ..Settings::for_tests()
    };
    let ids = Ids::seeded(1, Clock::manual(noon()).0);
    let first = keys::load_or_make(&settings, &ids).unwrap();
    let again = keys::load_or_make(&settings, &ids).unwrap();
    assert_eq!(first.public_keys(), again.public_keys());
    let path = settings.data_dir.join("keys/jwt.key");
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );

    std::fs::write(&path, "something else").unwrap();
    let error = keys::load_or_make(&settings, &ids).unwrap_err().to_string();
    assert!(
        error.contains("jwt.key") && !error.contains("something"),
        "{error}"
    );

    let given = Settings {
        jwt_key: Some(JwtSeed::new(SEED)),
        ..settings
    };
    assert_eq!(
        keys::load_or_make(&given, &ids).unwrap().public_keys(),
        keys(SEED).public_keys()
    );
}
