//! Every page in every state that it has, written for sample data in both languages: that no template fails, that
//! what people wrote stays text, and that the marks of a page are in order.

mod data;
mod states;

use std::collections::HashSet;

use states::{Samples, Written};

fn all() -> Vec<Written> {
    ["en-US", "de-AT"]
        .into_iter()
        .flat_map(|language| Samples::of(language).written)
        .collect()
}

/// The values of an attribute, as they stand in the page.
fn values<'h>(html: &'h str, attribute: &str) -> Vec<&'h str> {
    let mark = format!(" {attribute}=\"");
    let pieces = html.split(mark.as_str()).skip(1);
    pieces
        .map(|piece| piece.split('"').next().unwrap())
        .collect()
}

#[test]
fn what_people_wrote_stays_text() {
    for Written { name, html } in all() {
        assert!(!html.contains("<script>"), "{name}");
        assert!(!html.contains("<img"), "{name}");
    }
    let everywhere = all();
    let shown = everywhere
        .iter()
        .filter(|written| written.html.contains("&#60;script&#62;"))
        .count();
    assert!(
        shown * 10 > everywhere.len() * 8,
        "{shown} of {} show it",
        everywhere.len()
    );
}

#[test]
fn every_page_has_one_heading_of_the_first_order_and_a_language() {
    for Written { name, html } in all() {
        assert_eq!(html.matches("<h1").count(), 1, "{name}");
        assert!(html.starts_with("<!doctype html>"), "{name}");
        assert!(
            html.contains("<html lang=\"en") || html.contains("<html lang=\"de"),
            "{name}"
        );
        assert!(html.trim_end().ends_with("</html>"), "{name}");
        assert!(!html.contains("{}"), "{name}: a value is missing");
    }
}

#[test]
fn nothing_is_inline() {
    for Written { name, html } in all() {
        for word in [" style=", "<style", " onclick=", "javascript:", "<script "] {
            let allowed = if word == "<script " { 1 } else { 0 };
            assert_eq!(html.matches(word).count(), allowed, "{name}: {word}");
        }
    }
}

#[test]
fn ids_are_there_once_and_what_refers_to_one_finds_it() {
    for Written { name, html } in all() {
        let ids = values(&html, "id");
        let known: HashSet<&str> = ids.iter().copied().collect();
        assert_eq!(ids.len(), known.len(), "{name}: {ids:?}");
        for attribute in ["for", "aria-labelledby", "aria-describedby", "list"] {
            for reference in values(&html, attribute)
                .into_iter()
                .flat_map(str::split_whitespace)
            {
                assert!(known.contains(reference), "{name}: {attribute}={reference}");
            }
        }
    }
}

#[test]
fn every_form_that_does_something_is_sent_by_post_and_has_a_button() {
    for Written { name, html } in all() {
        for form in html.split("<form ").skip(1) {
            let form = form.split("</form>").next().unwrap();
            assert!(form.contains("<button"), "{name}: {form}");
            let is_search = form.contains("role=\"search\"");
            assert_eq!(
                form.contains("method=\"post\""),
                !is_search,
                "{name}: {form}"
            );
        }
    }
}

#[test]
fn a_password_is_never_shown_again() {
    for Written { name, html } in all() {
        assert!(!html.contains("never shown"), "{name}");
    }
}

#[test]
fn a_secret_is_never_shown_and_a_card_is_entered_in_no_page_of_ours() {
    for Written { name, html } in all() {
        assert!(!html.contains("sk_never_shown"), "{name}");
        for word in ["cc-number", "cc-csc", "cardnumber"] {
            assert!(!html.contains(word), "{name}: {word}");
        }
    }
}
