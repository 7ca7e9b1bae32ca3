//! The way back after signing in: a path of ours, and never anybody else's.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::form_urlencoded::byte_serialize;

/// Longer ones are not ours.
const LONGEST: usize = 2_000;

/// The path that a parameter or a field names, if it is one of ours; the start otherwise. A browser takes `//host`
/// and `/\host` for other sites, and leaves out tabs and line ends.
pub(crate) fn parse(text: &str) -> &str {
    let mut letters = text.chars();
    let is_path = letters.next() == Some('/') && !matches!(letters.next(), Some('/' | '\\'));
    let is_plain = text
        .chars()
        .all(|letter| letter.is_ascii_graphic() && letter != '\\');
    let is_door = text.starts_with("/auth/") || text.starts_with("/language");
    if is_path && is_plain && !is_door && text.len() <= LONGEST {
        text
    } else {
        "/"
    }
}

/// A path as the value of a parameter.
pub(crate) fn as_parameter(path: &str) -> String {
    byte_serialize(parse(path).as_bytes()).collect()
}

/// To the page for signing in, and back. `ended`: whether they had a session, which counts no more.
/// What was to be done is not done by coming back: only the page is shown again.
pub(super) fn sign_in(here: &str, ended: bool, is_read: bool) -> Response {
    let mut path = format!("/auth/signin?next={}", as_parameter(here));
    match (is_read, ended) {
        (false, _) => path.push_str("&why=not_done"),
        (true, true) => path.push_str("&why=ended"),
        (true, false) => {}
    }
    let location = HeaderValue::try_from(path).unwrap_or(HeaderValue::from_static("/auth/signin"));
    let no_store = HeaderValue::from_static("no-store");
    let headers = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, no_store),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_ours_are_followed() {
        for own in ["/", "/orders/7", "/?q=hamlet&page=2", "/tickets/new"] {
            assert_eq!(parse(own), own);
        }
        let others = [
            "",
            "orders",
            "//evil.example.org",
            "/\\evil.example.org",
            "/a\\b",
            "https://evil.example.org/",
            "/\t/evil.example.org",
            "/orders\r\nSet-Cookie: a=b",
            "javascript:alert(1)",
            "/auth/signout",
            "/münchen",
        ];
        for other in others {
            assert_eq!(parse(other), "/", "{other:?}");
        }
        assert_eq!(parse(&format!("/{}", "a".repeat(LONGEST))), "/");
    }

    #[test]
    fn a_path_is_a_value_of_a_parameter() {
        assert_eq!(as_parameter("/?q=a&page=2"), "%2F%3Fq%3Da%26page%3D2");
    }
}
