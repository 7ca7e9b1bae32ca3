//! The session cookie: how it is named, written, cleared and found.

use axum::http::{HeaderMap, HeaderValue, header};
use jiff::SignedDuration;

use crate::config::PublicUrl;

/// The form of the session cookie for one public address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CookieRule {
    name: &'static str,
    attributes: &'static str,
}

/// On this machine alone, over plain http.
const LOOPBACK: CookieRule = CookieRule {
    name: "session",
    attributes: "; Path=/; HttpOnly; SameSite=Lax",
};

/// Everywhere else. The prefix makes browsers insist on `Secure`, the path and no domain.
const SECURE: CookieRule = CookieRule {
    name: "__Host-session",
    attributes: "; Path=/; Secure; HttpOnly; SameSite=Lax",
};

impl CookieRule {
    /// The form for people who come by `url`.
    pub fn for_url(url: &PublicUrl) -> CookieRule {
        if url.is_loopback() && !url.is_https() {
            LOOPBACK
        } else {
            SECURE
        }
    }

    /// Its name.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// A `Set-Cookie` that hands `token` to the browser, which keeps it for `life`: that of the
    /// session, which is longer than the token's.
    pub fn set(&self, token: &str, life: SignedDuration) -> Option<HeaderValue> {
        self.write(token, life)
    }

    /// A `Set-Cookie` that takes the cookie away.
    pub fn clear(&self) -> Option<HeaderValue> {
        self.write("", SignedDuration::ZERO)
    }

    fn write(&self, value: &str, life: SignedDuration) -> Option<HeaderValue> {
        let CookieRule { name, attributes } = self;
        HeaderValue::try_from(format!(
            "{name}={value}; Max-Age={}{attributes}",
            life.as_secs()
        ))
        .ok()
    }

    /// The token in the `Cookie` headers.
    pub fn find<'h>(&self, headers: &'h HeaderMap) -> Option<&'h str> {
        value(headers, self.name)
    }
}

/// The value of the first cookie of this name that has one.
pub fn value<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let all = headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok());
    all.flat_map(|line| line.split(';')).find_map(|pair| {
        let (given, value) = pair.trim().split_once('=')?;
        (given == name && !value.is_empty()).then_some(value)
    })
}
