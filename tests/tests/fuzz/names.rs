//! What things and places are called: every line of text is kept as it was written, without blanks around it, and what is
//! no line, or too long, is refused.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::cases::{SOME, hold};
use crate::desk::Desk;

const LABELS: [&str; 6] = ["category", "venue", "city", "section", "row", "seat"];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "\\PC{1,30}",
        2 => any::<String>(),
        1 => "[ \u{a0}\u{200b}\t\n]{0,3}[a-z]{0,3}[ \u{a0}\u{feff}]{0,3}",
        1 => (98..103_usize, "\\PC").prop_map(|(length, letter)| letter.repeat(length)),
        1 => (198..203_usize, "\\PC").prop_map(|(length, letter)| letter.repeat(length)),
    ]
}

/// Whether it may be called so.
fn is_a_line(text: &str, longest: usize) -> bool {
    let text = text.trim();
    !text.is_empty() && text.chars().count() <= longest && !text.chars().any(char::is_control)
}

#[test]
fn a_name_is_kept_as_it_was_written_or_refused() {
    let desk = Desk::open(&["tickets"]);
    let seller = desk.app.sign_in();
    let drawn = (name(), name(), prop::sample::select(LABELS.to_vec()));
    hold(SOME, drawn, |(title, label, field)| {
        let body = json!({ "title": title, "price": "1", field: label }).to_string();
        let reply = desk.post("/api/tickets", &seller, body);
        let expected = is_a_line(&title, 200) && is_a_line(&label, 100);
        prop_assert_eq!(
            reply.status,
            if expected { 201 } else { 400 },
            "{}",
            reply.text()
        );
        if expected {
            let path = format!("/api/tickets/{}", reply.json()["id"].as_str().unwrap());
            let shown = desk.get(&path, None).unwrap().json();
            prop_assert_eq!(&shown["title"], title.trim());
            prop_assert_eq!(&shown[field], label.trim());
        }
        Ok(())
    });
}

#[test]
fn a_country_is_two_letters() {
    let desk = Desk::open(&["tickets"]);
    let seller = desk.app.sign_in();
    let drawn = prop_oneof!["[a-zA-Z]{1,3}", "\\PC{2}", any::<String>()];
    hold(SOME, drawn, |country| {
        let body = json!({ "title": "Fidelio", "price": "1", "country": country }).to_string();
        let reply = desk.post("/api/tickets", &seller, body);
        let is_one = country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic());
        prop_assert_eq!(
            reply.status,
            if is_one { 201 } else { 400 },
            "{}",
            reply.text()
        );
        let shown = if is_one {
            Value::from(country.to_ascii_uppercase())
        } else {
            Value::Null
        };
        prop_assert_eq!(&reply.json()["country"], &shown);
        Ok(())
    });
}
