//! Keys of idempotency: any that may be sent counts for one request and its repetitions, and any that may not is refused.

use axum::body::Body;
use axum::http::{HeaderValue, Method};
use proptest::prelude::*;
use serde_json::{Value, json};
use tessera_platform::testing::TestUser;

use crate::cases::{SOME, hold};
use crate::desk::{Desk, Reply, request};

const LONGEST: usize = 255;

fn list(desk: &Desk, seller: &TestUser, key: &HeaderValue, title: &str) -> Reply {
    let body = json!({ "title": title, "price": "12.00" }).to_string();
    let request =
        request(Method::POST, "/api/tickets", Some(seller)).header("idempotency-key", key);
    desk.send(request.body(Body::from(body)).unwrap())
}

fn listings(desk: &Desk) -> i64 {
    let db = desk.app.db("tickets");
    let row = desk.wait(db.opt::<(i64,)>("SELECT count(*) FROM tickets", &[]));
    row.unwrap().unwrap().0
}

/// As wild as one can be sent.
fn key() -> impl Strategy<Value = HeaderValue> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        "[ -~]{0,40}".prop_map(String::into_bytes),
        "[!-~]{0,300}".prop_map(String::into_bytes),
        (0..3_usize).prop_map(|more| vec![b'k'; LONGEST - 1 + more]),
    ];
    bytes.prop_filter_map("no header", |bytes| HeaderValue::from_bytes(&bytes).ok())
}

#[test]
fn a_key_counts_once_or_is_refused() {
    let desk = Desk::open(&["tickets"]);
    hold(
        SOME,
        (key(), "[a-z]{1,12}", "[A-Z]{1,12}"),
        |(key, title, another)| {
            // Each case has somebody of its own, who has used no key yet.
            let (seller, before) = (desk.app.sign_in(), listings(&desk));
            let first = list(&desk, &seller, &key, &title);
            let bytes = key.as_bytes();
            let is_visible = bytes.iter().all(u8::is_ascii_graphic);
            if bytes.is_empty() || bytes.len() > LONGEST || !is_visible {
                prop_assert_eq!(first.status, 400);
                prop_assert_eq!(&first.json()["errors"][0]["field"], "Idempotency-Key");
                prop_assert_eq!(listings(&desk), before);
                return Ok(());
            }
            prop_assert_eq!(first.status, 201);
            let again = list(&desk, &seller, &key, &title);
            prop_assert_eq!(again.status, 201);
            prop_assert_eq!(&again.body, &first.body);
            prop_assert_eq!(&again.headers["idempotency-replayed"], "true");
            let other = list(&desk, &seller, &key, &another);
            prop_assert_eq!(
                (other.status, other.json()["code"].clone()),
                (422, Value::from("idempotency_key_reused"))
            );
            prop_assert_eq!(listings(&desk), before + 1);
            Ok(())
        },
    );
}

#[test]
fn two_keys_are_two_requests() {
    let desk = Desk::open(&["tickets"]);
    hold(SOME, ("[!-~]{1,20}", "[!-~]{1,20}"), |(one, other)| {
        let (seller, before) = (desk.app.sign_in(), listings(&desk));
        for key in [&one, &other] {
            let key = HeaderValue::try_from(key.as_str()).unwrap();
            prop_assert_eq!(list(&desk, &seller, &key, "Tosca").status, 201);
        }
        let made = if one == other { 1 } else { 2 };
        prop_assert_eq!(listings(&desk), before + made);
        Ok(())
    });
}
