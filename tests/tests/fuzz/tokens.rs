//! Session tokens: one that is not word for word what auth issued lets nobody in.

use axum::http::{HeaderMap, HeaderValue, header};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use tessera_platform::clock::Clock;
use tessera_platform::config::{JwtSeed, Settings};
use tessera_platform::session::{CookieRule, Ended, Sessions, SigningKeys, User, Verifier};
use uuid::Uuid;

use crate::cases::{MANY, hold};
use crate::mutation::{changed_text, changes};

fn noon() -> Timestamp {
    "2030-01-01T12:00:00Z".parse().unwrap()
}

fn keys() -> SigningKeys {
    SigningKeys::new(&JwtSeed::new([7; 32]), None).unwrap()
}

fn somebody() -> impl Strategy<Value = User> {
    (any::<u128>(), any::<u128>()).prop_map(|(id, sid)| User {
        id: Uuid::from_u128(id).into(),
        sid: Uuid::from_u128(sid).into(),
    })
}

/// Sees that a token counts for nothing, the second time too, and also for being renewed.
fn is_refused(verifier: &Verifier, token: &str) -> Result<(), TestCaseError> {
    for _ in 0..2 {
        prop_assert_eq!(verifier.verify(token, noon()), None, "{}", token);
        prop_assert_eq!(verifier.recognise(token), None, "{}", token);
    }
    Ok(())
}

#[test]
fn a_token_says_who_it_was_issued_to_for_as_long_as_it_counts() {
    let (keys, hours) = (keys(), -30..30_i64);
    let verifier = Verifier::new(keys.public_keys());
    hold(MANY, (somebody(), hours), |(user, hours)| {
        let token = keys.issue(user, noon()).unwrap();
        let now = noon() + SignedDuration::from_hours(hours);
        let verified = verifier.verify(&token, now).map(|verified| verified.user);
        prop_assert_eq!(verified, (0..24).contains(&hours).then_some(user));
        Ok(())
    });
}

#[test]
fn a_changed_token_lets_nobody_in() {
    let keys = keys();
    let verifier = Verifier::new(keys.public_keys());
    hold(MANY, (somebody(), changes()), |(user, changes)| {
        let token = keys.issue(user, noon()).unwrap();
        prop_assert!(verifier.verify(&token, noon()).is_some());
        let changed = changed_text(&token, &changes);
        prop_assume!(changed != token);
        is_refused(&verifier, &changed)
    });
}

#[test]
fn parts_of_two_tokens_make_no_third() {
    let keys = keys();
    let other_keys = SigningKeys::new(&JwtSeed::new([8; 32]), None).unwrap();
    let verifier = Verifier::new(keys.public_keys());
    let drawn = (somebody(), somebody(), prop::array::uniform3(0..3_usize));
    hold(MANY, drawn, |(one, other, from)| {
        let tokens = [
            keys.issue(one, noon()).unwrap(),
            keys.issue(other, noon()).unwrap(),
            other_keys.issue(one, noon()).unwrap(),
        ];
        let part = |at: usize| tokens[from[at]].split('.').nth(at).unwrap();
        let mixed = [part(0), part(1), part(2)].join(".");
        prop_assume!(!tokens[..2].contains(&mixed));
        is_refused(&verifier, &mixed)
    });
}

#[test]
fn no_text_is_a_token() {
    let keys = keys();
    let verifier = Verifier::new(keys.public_keys());
    let text = prop_oneof![
        any::<String>(),
        "[-_A-Za-z0-9]{0,60}\\.[-_A-Za-z0-9]{0,200}\\.[-_A-Za-z0-9]{0,90}",
        "eyJ[-_A-Za-z0-9.]{0,300}",
    ];
    hold(MANY, text, |text| is_refused(&verifier, &text));
}

/// The sessions of a service at noon.
fn sessions(keys: &SigningKeys) -> Sessions {
    let verifier = Verifier::new(keys.public_keys());
    let cookie = CookieRule::for_url(&Settings::for_tests().public_url);
    let (clock, _hand) = Clock::manual(noon());
    Sessions::new(verifier, Ended::default(), cookie, clock)
}

/// The value of a header, as wild as one can be sent.
fn value() -> impl Strategy<Value = HeaderValue> {
    let bytes = prop::collection::vec(any::<u8>(), 0..120);
    bytes.prop_filter_map("no header", |bytes| HeaderValue::from_bytes(&bytes).ok())
}

#[test]
fn no_header_signs_anybody_in_but_one_with_a_token() {
    let keys = keys();
    let sessions = sessions(&keys);
    let drawn = (value(), value(), somebody(), 0..4_u8);
    hold(MANY, drawn, |(authorization, cookie, user, form)| {
        let token = keys.issue(user, noon()).unwrap();
        let mut headers = HeaderMap::new();
        headers.append(header::AUTHORIZATION, authorization);
        headers.append(header::COOKIE, cookie);
        prop_assert_eq!(sessions.authenticate(&headers), None);
        let text = match form {
            0 => format!("Bearer {token}"),
            1 => format!("bEARER {token}"),
            2 => format!("Bearer{token}"),
            _ => format!("Basic {token}"),
        };
        headers.insert(header::AUTHORIZATION, HeaderValue::try_from(text).unwrap());
        let signed_in = sessions
            .authenticate(&headers)
            .map(|verified| verified.user);
        prop_assert_eq!(signed_in, (form < 2).then_some(user));
        Ok(())
    });
}
