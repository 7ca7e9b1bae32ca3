//! Versions in headers: `ETag` on answers, `If-Match` and `If-None-Match` on requests (RFC 9110).

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use jiff::Timestamp;

use super::problem::Failure;

/// The `ETag` of a version: `"7"`.
pub fn etag(version: i64) -> HeaderValue {
    header_value(&tag(version))
}

/// A tag of what has no version of its own: the state of what it was read from, and when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateTag(String);

impl StateTag {
    /// Of what was read at `now` from a database in this state. It counts for this second, since what is listed depends
    /// on the time, too.
    pub fn new(state: u64, now: Timestamp) -> StateTag {
        StateTag(format!("\"{state}-{}\"", now.as_second()))
    }

    /// The end of the second for which one of now counts.
    pub fn ends_at(now: Timestamp) -> Timestamp {
        Timestamp::from_second(now.as_second() + 1).unwrap_or(now)
    }

    /// The `ETag`: weak, since the same state may be written otherwise another time.
    pub fn etag(&self) -> HeaderValue {
        header_value(&format!("W/{}", self.0))
    }
}

fn tag(version: i64) -> String {
    format!("\"{version}\"")
}

/// Of digits and quotes, which are always valid.
fn header_value(text: &str) -> HeaderValue {
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// Which versions a write may change: those that `If-Match` names, or any without one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfMatch(Tags);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Tags {
    Any,
    /// As they were sent, but for `W/` where that makes no difference.
    These(Vec<String>),
}

impl IfMatch {
    /// A write that may change any version.
    pub fn any() -> IfMatch {
        IfMatch(Tags::Any)
    }

    /// Whether the write may change this version.
    pub fn allows(&self, version: i64) -> bool {
        match &self.0 {
            Tags::Any => true,
            Tags::These(tags) => tags.contains(&tag(version)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        // Strong comparison: a weak tag matches nothing.
        let tags = read(&parts.headers, header::IF_MATCH, |tag| tag)?;
        Ok(IfMatch(tags.unwrap_or(Tags::Any)))
    }
}

/// The version that a reader has already, from `If-None-Match`; one that does not read as a tag is
/// ignored, as a reader loses nothing by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IfNoneMatch(Option<Tags>);

impl IfNoneMatch {
    /// Whether the reader has this version already, so that a 304 says it all.
    pub fn has(&self, version: i64) -> bool {
        self.has_tag(&tag(version))
    }

    /// The same, of what is told by its state.
    pub fn has_state(&self, state: &StateTag) -> bool {
        self.has_tag(&state.0)
    }

    fn has_tag(&self, tag: &String) -> bool {
        match &self.0 {
            None => false,
            Some(Tags::Any) => true,
            Some(Tags::These(tags)) => tags.contains(tag),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfNoneMatch {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        // Weak comparison: proxies that compress weaken a tag.
        let tags = read(&parts.headers, header::IF_NONE_MATCH, |tag| {
            tag.strip_prefix("W/").unwrap_or(tag)
        });
        Ok(IfNoneMatch(tags.ok().flatten()))
    }
}

fn read(
    headers: &HeaderMap,
    name: HeaderName,
    strip: fn(&str) -> &str,
) -> Result<Option<Tags>, Failure> {
    let mut tags = Vec::new();
    let mut found = false;
    for line in headers.get_all(&name) {
        found = true;
        let wrong = || {
            Failure::invalid(
                name.as_str(),
                format!("{name} must be tags such as \"7\", or *"),
            )
        };
        let line = line.to_str().map_err(|_| wrong())?.trim();
        if line == "*" {
            return Ok(Some(Tags::Any));
        }
        for tag in line.split(',').map(str::trim) {
            let opaque = tag.strip_prefix("W/").unwrap_or(tag);
            if opaque.len() < 2 || !opaque.starts_with('"') || !opaque.ends_with('"') {
                return Err(wrong());
            }
            tags.push(strip(tag).to_owned());
        }
    }
    Ok(found.then_some(Tags::These(tags)))
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    fn head(name: &str, values: &[&str]) -> Parts {
        let request = values.iter().fold(Request::builder(), |request, value| {
            request.header(name, *value)
        });
        request.body(()).unwrap().into_parts().0
    }

    async fn if_match(values: &[&str]) -> Result<IfMatch, Failure> {
        IfMatch::from_request_parts(&mut head("if-match", values), &()).await
    }

    async fn if_none_match(values: &[&str]) -> IfNoneMatch {
        let mut head = head("if-none-match", values);
        let Ok(read) = IfNoneMatch::from_request_parts(&mut head, &()).await;
        read
    }

    #[tokio::test]
    async fn a_write_changes_only_the_versions_that_it_names() {
        assert_eq!(etag(7), "\"7\"");
        assert!(if_match(&[]).await.unwrap().allows(7));
        assert!(if_match(&["*"]).await.unwrap().allows(7));
        assert!(if_match(&["\"7\""]).await.unwrap().allows(7));
        assert!(!if_match(&["\"6\""]).await.unwrap().allows(7));
        assert!(if_match(&["\"6\", \"7\""]).await.unwrap().allows(7));
        assert!(if_match(&["\"6\"", "\"7\""]).await.unwrap().allows(7));
        assert!(!if_match(&["W/\"7\""]).await.unwrap().allows(7));
        assert!(!if_match(&["\"of another kind\""]).await.unwrap().allows(7));
        for wrong in ["7", "\"7", "", "\"7\",,", "seven"] {
            assert!(if_match(&[wrong]).await.is_err(), "{wrong}");
        }
    }

    #[tokio::test]
    async fn a_reader_is_told_when_it_has_the_version_already() {
        assert!(!if_none_match(&[]).await.has(7));
        assert!(if_none_match(&["\"7\""]).await.has(7));
        assert!(if_none_match(&["W/\"7\""]).await.has(7));
        assert!(!if_none_match(&["\"6\""]).await.has(7));
        assert!(!if_none_match(&["nonsense"]).await.has(7));
    }

    #[tokio::test]
    async fn a_state_is_the_same_for_a_second() {
        let at = |millis| Timestamp::from_millisecond(millis).unwrap();
        let state = StateTag::new(7, at(1_500));
        assert_eq!(state.etag(), "W/\"7-1\"");
        let known = if_none_match(&["W/\"7-1\""]).await;
        assert!(known.has_state(&state));
        assert!(known.has_state(&StateTag::new(7, at(1_999))));
        assert!(!known.has_state(&StateTag::new(7, at(2_000))));
        assert!(!known.has_state(&StateTag::new(8, at(1_500))));
    }
}
