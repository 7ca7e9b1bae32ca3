//! What browsers get: the stand-in for Stripe.js, the pages that it frames, and the headers that let them ask.

use hyper::Method;

use super::answer::Answer;
use super::request::Request;

/// A framed page: its own scripts and styles, and its own server, alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'";

const ASSETS: &[(&str, &str, &str)] = &[
    (
        "/double/stripe.js",
        "text/javascript",
        include_str!("../browser/stripe.js"),
    ),
    (
        "/double/element.html",
        "text/html",
        include_str!("../browser/element.html"),
    ),
    (
        "/double/element.js",
        "text/javascript",
        include_str!("../browser/element.js"),
    ),
    (
        "/double/action.html",
        "text/html",
        include_str!("../browser/action.html"),
    ),
    (
        "/double/action.js",
        "text/javascript",
        include_str!("../browser/action.js"),
    ),
    (
        "/double/frame.css",
        "text/css",
        include_str!("../browser/frame.css"),
    ),
];

pub(super) fn get(request: &Request) -> Option<Answer> {
    if request.method != Method::GET {
        return None;
    }
    let (_, kind, text) = ASSETS.iter().find(|(path, ..)| *path == request.path)?;
    let headers = vec![
        ("content-type", format!("{kind}; charset=utf-8")),
        ("content-security-policy", POLICY.to_owned()),
        ("cross-origin-resource-policy", "cross-origin".to_owned()),
        ("cache-control", "no-store".to_owned()),
    ];
    let body = text.as_bytes().to_vec();
    Some(Answer {
        status: 200,
        body,
        headers,
        is_kept: false,
    })
}

/// Whoever asks whether it may ask, may.
pub(super) fn preflight(asked: &str) -> Answer {
    let headers = vec![
        (
            "access-control-allow-methods",
            "GET, POST, DELETE".to_owned(),
        ),
        ("access-control-allow-headers", asked.to_owned()),
        ("access-control-max-age", "300".to_owned()),
    ];
    Answer {
        status: 204,
        body: Vec::new(),
        headers,
        is_kept: false,
    }
}

/// Pages of any origin may read it: there are no cookies, and keys say who asks.
pub(super) fn for_pages(answer: Answer) -> Answer {
    answer.with("access-control-allow-origin", "*").with(
        "access-control-expose-headers",
        "idempotent-replayed, request-id",
    )
}
