//! The headers that make browsers careful, on every answer that does not set its own.

use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, HeaderValue};

/// For answers to programs: nothing in them is ever a page.
const API_POLICY: &str = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'";

/// For pages: what this very site serves, and nothing inline.
pub const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A year, as the preload lists ask for.
const HTTPS_ONLY: &str = "max-age=31536000";

/// Adds what is missing. `for_programs`: whether the answer is one of the API, or for the operator; `https`: whether
/// people come by https.
pub(super) fn apply(headers: &mut HeaderMap, for_programs: bool, https: bool) {
    let mut default = |name: HeaderName, value: &'static str| {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    };
    default(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    default(header::REFERRER_POLICY, "same-origin");
    if for_programs {
        default(header::CONTENT_SECURITY_POLICY, API_POLICY);
        default(header::CACHE_CONTROL, "no-store");
    } else {
        default(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
    }
    if https {
        default(header::STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
}
