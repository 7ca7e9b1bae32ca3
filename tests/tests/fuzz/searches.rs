//! Searches: whatever is looked for, the database is never asked what it does not understand, and what is there is found.

use proptest::prelude::*;
use serde_json::json;

use crate::cases::{SOME, hold};
use crate::desk::{Desk, escaped};

/// Everything that a list of listings can be narrowed down by.
const PARAMETERS: [&str; 11] = [
    "q", "category", "city", "minPrice", "maxPrice", "from", "to", "sort", "include", "limit",
    "cursor",
];

/// What people type, what databases understand, and anything else.
fn typed() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "\\PC{0,40}",
        "[-'\"%_*?()\\[\\]{}^:;,.\\\\/ a-z@#]{0,40}",
        "(a|an|the|AND|OR|NOT|NEAR|SELECT|' OR 1=1 --|\\*|\"|\\x00)( (b|AND|NEAR/2|--|\\*)){0,12}",
        "-?[0-9]{1,25}(\\.[0-9]{0,5})?",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?",
    ]
}

#[test]
fn whatever_is_searched_for_is_a_list_or_a_refusal() {
    let desk = Desk::open(&["tickets"]);
    let seller = desk.app.sign_in();
    let offer =
        json!({ "title": "L'Orfeo 100%", "price": "12.50", "city": "Wien", "category": "opera" });
    assert_eq!(
        desk.post("/api/tickets", &seller, offer.to_string()).status,
        201
    );
    let pair = (prop::sample::select(PARAMETERS.to_vec()), typed());
    hold(SOME * 4, prop::collection::vec(pair, 0..5), |pairs| {
        let query: Vec<String> = pairs
            .iter()
            .map(|(name, value)| format!("{name}={}", escaped(value)))
            .collect();
        let path = format!("/api/tickets?{}", query.join("&"));
        let reply = desk.get(&path, None).unwrap();
        prop_assert!(
            [200, 400].contains(&reply.status),
            "{}: {}",
            reply.status,
            reply.text()
        );
        prop_assert_eq!(reply.json().is_array(), reply.status == 200);
        Ok(())
    });
}

#[test]
fn a_query_that_is_no_query_is_a_list_or_a_refusal() {
    let desk = Desk::open(&["tickets"]);
    hold(SOME * 2, "[!-~]{0,60}", |query| {
        // What no client can send is none.
        if let Some(reply) = desk.get(&format!("/api/tickets?{query}"), None) {
            prop_assert!(
                [200, 400].contains(&reply.status),
                "{}: {}",
                reply.status,
                reply.text()
            );
        }
        Ok(())
    });
}

#[test]
fn a_listing_is_found_by_any_of_its_words() {
    let desk = Desk::open(&["tickets"]);
    let seller = desk.app.sign_in();
    let word = "[a-zA-ZäöüéèñçøłßΑ-Ωа-яぁ-ん0-9]{1,14}";
    let glue = prop::sample::select(vec![" ", " - ", "'", ", ", "/", "  ", ": \""]);
    let drawn = (
        prop::collection::vec(word, 1..5),
        glue,
        any::<prop::sample::Index>(),
        any::<bool>(),
    );
    hold(SOME, drawn, |(words, glue, at, is_loud)| {
        let title = words.join(glue);
        let body = json!({ "title": title, "price": "1" }).to_string();
        let listed = desk.post("/api/tickets", &seller, body).json();
        let word = &words[at.index(words.len())];
        let typed = if is_loud {
            word.to_uppercase()
        } else {
            word.clone()
        };
        let path = format!(
            "/api/tickets?limit=200&q={}",
            escaped(&format!("?? {typed} !"))
        );
        let found = desk.get(&path, None).unwrap().json();
        let mut found = found.as_array().unwrap().iter();
        prop_assert!(
            found.any(|one| one["id"] == listed["id"]),
            "{:?} by {:?}",
            title,
            typed
        );
        // It makes room, since a page holds no more than so many.
        let path = format!("/api/tickets/{}", listed["id"].as_str().unwrap());
        let call = desk.app.delete(&path).by(&seller).send();
        prop_assert_eq!(desk.wait(call).status, 204);
        Ok(())
    });
}
