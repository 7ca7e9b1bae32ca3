//! Refuses writes that a page of another site makes a browser send, cookies and all.
//!
//! A browser says where a request comes from (`Sec-Fetch-Site`, or `Origin` in older ones), and no
//! page can make it lie. A client that says neither is no browser, and has no cookies of others.

use axum::http::request::Parts;
use axum::http::{HeaderMap, Method, header};

use super::problem::Failure;
use crate::config::PublicUrl;
use crate::session;

/// Refuses a write from another site with 403.
pub(super) fn refuse(head: &Parts, public_url: &PublicUrl) -> Result<(), Failure> {
    if is_safe(&head.method) || is_allowed(&head.headers, public_url) {
        return Ok(());
    }
    Err(Failure::forbidden(
        "cross_site",
        "This request came from another site, and was refused.",
    ))
}

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

fn is_allowed(headers: &HeaderMap, public_url: &PublicUrl) -> bool {
    let text = |name| {
        headers
            .get(name)
            .map(|value| value.to_str().unwrap_or_default())
    };
    let own_origin =
        || text(header::ORIGIN).is_some_and(|origin| is_own(origin, headers, public_url));
    // A token that a script put there itself was not added by the browser on its own.
    if session::bearer(headers).is_some() && !headers.contains_key(header::COOKIE) {
        return true;
    }
    match text(header::HeaderName::from_static("sec-fetch-site")) {
        Some("same-origin" | "none") => true,
        // A browser sees the proxy's address where we see our own; the public address settles it.
        Some("same-site") => text(header::ORIGIN) == Some(public_url.origin()),
        Some(_) => false,
        None => !headers.contains_key(header::ORIGIN) || own_origin(),
    }
}

/// Whether an `Origin` is the public address, or the very host that the request was sent to.
fn is_own(origin: &str, headers: &HeaderMap, public_url: &PublicUrl) -> bool {
    if origin == public_url.origin() {
        return true;
    }
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    let authority = origin
        .strip_prefix("http://")
        .or_else(|| origin.strip_prefix("https://"));
    host.is_some() && authority == host
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;
    use crate::config::RawSettings;

    const OWN: &str = "https://tickets.example.com";

    fn is_refused(method: &str, headers: &[(&str, &str)]) -> bool {
        let raw = RawSettings {
            public_url: Some(OWN.to_owned()),
            ..RawSettings::default()
        };
        let request = headers.iter().fold(
            Request::builder().method(method),
            |request, (name, value)| request.header(*name, *value),
        );
        let head = request.body(()).unwrap().into_parts().0;
        refuse(&head, &raw.parse().unwrap().public_url).is_err()
    }

    const HOST: (&str, &str) = ("host", "10.0.0.5:3000");
    const COOKIE: (&str, &str) = ("cookie", "session=t");
    const BEARER: (&str, &str) = ("authorization", "Bearer t");

    #[test]
    fn what_other_sites_make_a_browser_write_is_refused() {
        for site in ["cross-site", "same-site", "anything-new", ""] {
            assert!(
                is_refused("POST", &[HOST, ("sec-fetch-site", site)]),
                "{site}"
            );
        }
        for origin in [
            "https://evil.example.org",
            "http://tickets.example.com",
            "https://tickets.example.com:8443",
            "https://tickets.example.com.evil.example.org",
            "https://10.0.0.5",
            "10.0.0.5:3000",
            "null",
            "",
        ] {
            assert!(is_refused("POST", &[HOST, ("origin", origin)]), "{origin}");
            assert!(
                is_refused("DELETE", &[HOST, COOKIE, ("origin", origin)]),
                "{origin}"
            );
            let both = [HOST, ("sec-fetch-site", "cross-site"), ("origin", origin)];
            assert!(is_refused("PUT", &both), "{origin}");
        }
        // A page cannot buy its way in with a made-up token beside the browser's cookie.
        assert!(is_refused(
            "POST",
            &[HOST, COOKIE, BEARER, ("sec-fetch-site", "cross-site")]
        ));
        assert!(is_refused(
            "PROPFIND",
            &[HOST, ("sec-fetch-site", "cross-site")]
        ));
    }

    #[test]
    fn what_our_own_pages_and_other_programs_write_passes() {
        let passing: [&[(&str, &str)]; 9] = [
            &[HOST],
            &[HOST, COOKIE],
            &[HOST, ("sec-fetch-site", "same-origin"), ("origin", OWN)],
            &[HOST, ("sec-fetch-site", "none")],
            &[HOST, ("sec-fetch-site", "same-site"), ("origin", OWN)],
            &[HOST, ("origin", OWN)],
            &[HOST, ("origin", "http://10.0.0.5:3000")],
            &[
                HOST,
                BEARER,
                ("sec-fetch-site", "cross-site"),
                ("origin", "https://app.example.org"),
            ],
            &[("host", "tickets.example.com"), COOKIE, ("origin", OWN)],
        ];
        for headers in passing {
            assert!(!is_refused("POST", headers), "{headers:?}");
        }
    }

    #[test]
    fn reading_is_never_refused() {
        for method in ["GET", "HEAD", "OPTIONS"] {
            assert!(!is_refused(
                method,
                &[HOST, COOKIE, ("sec-fetch-site", "cross-site")]
            ));
        }
    }
}
