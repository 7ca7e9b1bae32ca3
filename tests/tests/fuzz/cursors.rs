//! Cursors of pages: whatever a client makes of one, it is a place in a list, or refused.

use std::cell::Cell;

use axum::extract::FromRequestParts;
use axum::http::{Request, header};
use axum::response::IntoResponse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt;
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tessera_contracts::{OrderId, TicketId};
use tessera_platform::http::Page;
use uuid::Uuid;

use crate::cases::{MANY, SOME, hold};
use crate::desk::{Desk, escaped};
use crate::mutation::{changed_text, changes};

/// Where a list of one's own goes on.
type Own = OrderId;
/// Where the listings go on.
type Listed = (String, i64, TicketId);

/// A list that nobody serves.
const THINGS: &str = "/api/things";

/// The page of a list that this query asks for, if it is one.
fn page(list: &str, query: &str) -> Option<Page> {
    let request = Request::builder().uri(format!("{list}?{query}"));
    let (mut head, ()) = request.body(()).ok()?.into_parts();
    let page = Page::from_request_parts(&mut head, &()).now_or_never();
    page.expect("it waits for nothing").ok()
}

/// What a cursor says, if a list with such keys takes it.
fn read<K: DeserializeOwned>(cursor: &str) -> Option<K> {
    page(THINGS, &format!("cursor={}", escaped(cursor)))?
        .after()
        .ok()?
}

/// The cursor after this key.
fn after<K: Serialize>(key: &K) -> String {
    after_in(THINGS, key)
}

fn after_in<K: Serialize>(list: &str, key: &K) -> String {
    let listing = page(list, "limit=1")
        .unwrap()
        .answer(vec![0, 1], |_| key, |row| row);
    let response = listing.into_response();
    let link = response.headers()[header::LINK]
        .to_str()
        .unwrap()
        .to_owned();
    let (_, rest) = link.split_once("cursor=").unwrap();
    rest.split_once('>').unwrap().0.to_owned()
}

fn id() -> impl Strategy<Value = Uuid> {
    any::<u128>().prop_map(Uuid::from_u128)
}

fn listed() -> impl Strategy<Value = Listed> {
    let name = prop_oneof!["[-a-zA-Z]{0,12}", any::<String>()];
    (name, any::<i64>(), id().prop_map(TicketId::from))
}

#[test]
fn a_cursor_leads_to_where_the_page_ended() {
    hold(MANY, (listed(), id()), |(listed, id)| {
        prop_assume!(after(&listed).len() <= 1_024);
        prop_assert_eq!(read::<Listed>(&after(&listed)), Some(listed));
        prop_assert_eq!(read::<Own>(&after(&id)), Some(Own::from(id)));
        Ok(())
    });
}

#[test]
fn a_cursor_of_one_kind_of_list_is_none_of_the_other() {
    hold(MANY, (listed(), id()), |(listed, id)| {
        prop_assert_eq!(read::<Own>(&after(&listed)), None);
        prop_assert_eq!(read::<Listed>(&after(&id)), None);
        Ok(())
    });
}

/// Sees that a cursor is refused, or means one place.
fn means_one_place<K>(cursor: &str) -> Result<(), TestCaseError>
where
    K: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug,
{
    if let Some(key) = read::<K>(cursor) {
        let again = after(&key);
        prop_assume!(again.len() <= 1_024);
        prop_assert_eq!(read::<K>(&again), Some(key));
    }
    Ok(())
}

#[test]
fn whatever_is_sent_for_a_cursor_is_a_place_or_refused() {
    let bytes = prop::collection::vec(any::<u8>(), 0..80);
    let text = prop_oneof![
        any::<String>(),
        "[-_A-Za-z0-9=]{0,80}",
        bytes.prop_map(|bytes| URL_SAFE_NO_PAD.encode([b"2", bytes.as_slice()].concat())),
        "2\\[\"/api/things\",[\\[\\]\"0-9a-f,.-]{0,60}\\]"
            .prop_map(|text| URL_SAFE_NO_PAD.encode(text)),
        any::<(i64, String)>().prop_map(|key| after(&key)),
    ];
    let places = Cell::new(0_u32);
    hold(MANY, text, |cursor| {
        places.set(places.get() + u32::from(read::<Value>(&cursor).is_some()));
        means_one_place::<Value>(&cursor)?;
        means_one_place::<Listed>(&cursor)?;
        means_one_place::<Own>(&cursor)
    });
    assert!(places.get() > 0, "all were refused");
}

#[test]
fn a_changed_cursor_is_a_place_or_refused() {
    hold(
        MANY,
        (listed(), id(), changes()),
        |(listed, id, changes)| {
            means_one_place::<Listed>(&changed_text(&after(&listed), &changes))?;
            means_one_place::<Own>(&changed_text(&after(&id), &changes))?;
            // Not only the text, but what it says.
            let inside = URL_SAFE_NO_PAD.decode(after(&listed)).unwrap();
            let inside = crate::mutation::changed(&inside, &changes);
            means_one_place::<Listed>(&URL_SAFE_NO_PAD.encode(inside))
        },
    );
}

/// Lists of one's own, and of everybody.
const LISTS: [&str; 4] = [
    "/api/tickets",
    "/api/tickets?sort=price",
    "/api/tickets?seller=me",
    "/api/orders",
];

#[test]
fn no_cursor_makes_a_list_show_more_than_it_would() {
    let desk = Desk::open(&["tickets", "orders"]);
    let (one, other) = (desk.app.sign_in(), desk.app.sign_in());
    for seller in [&one, &other, &one, &other] {
        let body = json!({ "title": "Tosca", "price": "12.00" }).to_string();
        assert_eq!(desk.post("/api/tickets", seller, body).status, 201);
    }
    let sorted = ("(-?createdAt|-?price|-?startsAt)", any::<i64>(), id());
    let place = prop_oneof![
        listed().prop_map(|key| json!(key)),
        sorted.prop_map(|key| json!(key)),
        id().prop_map(|id| json!(id)),
    ]
    .prop_map(Ok);
    // Or anything at all, as it is.
    let cursor = prop_oneof![3 => place, 1 => any::<String>().prop_map(Err)];
    let list = prop::sample::select(LISTS.to_vec());
    let led_on = Cell::new(0_u32);
    hold(SOME, (cursor, list), |(cursor, list)| {
        let (path, mark) = list
            .split_once('?')
            .map_or((list, '?'), |(path, _)| (path, '&'));
        let cursor = cursor.map_or_else(|text: String| text, |place| after_in(path, &place));
        let asked = format!("{list}{mark}cursor={}", escaped(&cursor));
        let reply = desk.get(&asked, Some(&one)).unwrap();
        if reply.status == 400 {
            return Ok(());
        }
        prop_assert_eq!(reply.status, 200, "{}", reply.text());
        led_on.set(led_on.get() + 1);
        let (shown, own) = (reply.json(), one.id.to_string());
        let is_one_s = |row: &Value| row["userId"] == own.as_str();
        let is_own = list.contains("seller=me");
        prop_assert!(!is_own || shown.as_array().unwrap().iter().all(is_one_s));
        Ok(())
    });
    assert!(led_on.get() > 0, "no cursor led anywhere");
}
