//! Lists in pages: `limit` and `cursor` in, a plain array and a `Link` to the next page out.
//!
//! A cursor is opaque to clients: it holds the path of its list and the sort key of the last row of a page, and the
//! next page begins after it, whatever was added or removed meanwhile.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, Uri, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::problem::Failure;
use super::query::{self, Query};

/// How many rows a page has unless asked otherwise.
pub const DEFAULT_LIMIT: u32 = 50;
/// How many rows a page has at most.
pub const MAX_LIMIT: u32 = 200;

/// The form of cursors; one of another form is refused.
const FORM: &[u8] = b"2";
const LONGEST_CURSOR: usize = 1_024;

/// Which page of a list is asked for.
#[derive(Clone, Debug)]
pub struct Page {
    limit: u32,
    cursor: Option<String>,
    uri: Uri,
}

/// The parameters of [`Page`], for API documents.
#[derive(Debug, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// How many at most.
    #[param(minimum = 1, maximum = 200, default = 50)]
    pub limit: Option<u32>,
    /// Where the last page ended, from its `Link` header.
    pub cursor: Option<String>,
}

impl Page {
    /// How many rows to ask the database for: one more than the page has, to see whether another
    /// page follows.
    pub fn fetch(&self) -> i64 {
        i64::from(self.limit) + 1
    }

    /// Where it was asked for.
    pub fn uri(&self) -> &Uri {
        &self.uri
    }

    /// How many rows the page has at most.
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// The sort key that the page begins after; `None` for the first page.
    pub fn after<K: DeserializeOwned>(&self) -> Result<Option<K>, Failure> {
        let Some(cursor) = &self.cursor else {
            return Ok(None);
        };
        match decode(cursor) {
            Some((list, key)) if list == self.uri.path() => Ok(Some(key)),
            _ => Err(Failure::invalid(
                "cursor",
                "cursor is not one that this list gave you",
            )),
        }
    }

    /// The answer to a page of `rows`, of which there are up to [`Page::fetch`]. `key_of` gives the
    /// sort key of a row, `show` its wire form.
    pub fn answer<R, K, W>(
        &self,
        mut rows: Vec<R>,
        key_of: impl FnOnce(&R) -> K,
        show: impl FnMut(R) -> W,
    ) -> Listing<W>
    where
        K: Serialize,
    {
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = rows
            .last()
            .filter(|_| more)
            .and_then(|last| self.link_after(&key_of(last)));
        Listing {
            items: rows.into_iter().map(show).collect(),
            next,
        }
    }

    /// The answer to a page that ended early, at `key`: the next one goes on from there, whatever this one has.
    pub fn part<R, K, W>(&self, rows: Vec<R>, key: &K, show: impl FnMut(R) -> W) -> Listing<W>
    where
        K: Serialize,
    {
        Listing {
            items: rows.into_iter().map(show).collect(),
            next: self.link_after(key),
        }
    }

    /// A `Link` to the page after `key`, with all other parameters as they are.
    fn link_after<K: Serialize>(&self, key: &K) -> Option<HeaderValue> {
        let query = query::replace(
            self.uri.query().unwrap_or_default(),
            "cursor",
            &encode(self.uri.path(), key)?,
        );
        HeaderValue::try_from(format!("<{}?{query}>; rel=\"next\"", self.uri.path())).ok()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Page {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Failure> {
        let mut query = Query::parse(parts.uri.query().unwrap_or_default());
        let limit = query.optional("limit", |text| match text.parse() {
            Ok(limit @ 1..=MAX_LIMIT) => Ok(limit),
            _ => Err(format!(
                "limit must be a whole number from 1 to {MAX_LIMIT}"
            )),
        });
        let cursor = query.optional("cursor", |text| {
            if text.len() > LONGEST_CURSOR {
                Err("cursor is too long")
            } else {
                Ok(text.to_owned())
            }
        });
        query.finish()?;
        Ok(Page {
            limit: limit.unwrap_or(DEFAULT_LIMIT),
            cursor,
            uri: parts.uri.clone(),
        })
    }
}

/// A page of a list: an array, and the way to the next page if there is one.
#[derive(Debug)]
pub struct Listing<W> {
    items: Vec<W>,
    next: Option<HeaderValue>,
}

impl<W: Serialize> IntoResponse for Listing<W> {
    fn into_response(self) -> Response {
        let mut response = Json(self.items).into_response();
        if let Some(next) = self.next {
            response.headers_mut().insert(header::LINK, next);
        }
        response
    }
}

fn encode<K: Serialize>(list: &str, key: &K) -> Option<String> {
    let mut bytes = FORM.to_vec();
    serde_json::to_writer(&mut bytes, &(list, key)).ok()?;
    Some(URL_SAFE_NO_PAD.encode(bytes))
}

/// The path of the list that it is of, and its key.
fn decode<K: DeserializeOwned>(cursor: &str) -> Option<(String, K)> {
    let bytes = URL_SAFE_NO_PAD.decode(cursor).ok()?;
    serde_json::from_slice(bytes.strip_prefix(FORM)?).ok()
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use jiff::Timestamp;
    use uuid::Uuid;

    use super::*;

    type Key = (Timestamp, Uuid);

    async fn page(uri: &str) -> Result<Page, Failure> {
        let (mut head, ()) = Request::builder().uri(uri).body(()).unwrap().into_parts();
        Page::from_request_parts(&mut head, &()).await
    }

    fn key(row: &u32) -> Key {
        (
            Timestamp::from_second(i64::from(*row)).unwrap(),
            Uuid::from_u128(u128::from(*row)),
        )
    }

    #[tokio::test]
    async fn a_list_is_walked_page_by_page() {
        let all: Vec<u32> = (0..7).collect();
        let mut uri = "/api/things?q=a%26b&limit=3".to_owned();
        let mut seen = Vec::new();
        loop {
            let page = page(&uri).await.unwrap();
            let after = page.after::<Key>().unwrap();
            let rest = all
                .iter()
                .copied()
                .filter(|row| after.is_none_or(|after| key(row) > after));
            let rows = rest.take(usize::try_from(page.fetch()).unwrap()).collect();
            let listing = page.answer(rows, key, |row| row);
            seen.push(listing.items.clone());
            let response = listing.into_response();
            let Some(link) = response.headers().get(header::LINK) else {
                break;
            };
            let link = link.to_str().unwrap();
            uri = link
                .strip_prefix('<')
                .unwrap()
                .strip_suffix(">; rel=\"next\"")
                .unwrap()
                .to_owned();
            assert!(
                uri.starts_with("/api/things?q=a%26b&limit=3&cursor="),
                "{uri}"
            );
        }
        assert_eq!(seen, [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
    }

    #[tokio::test]
    async fn the_last_page_names_no_next_one_even_when_it_is_full() {
        let listing =
            page("/api/things?limit=3")
                .await
                .unwrap()
                .answer(vec![0, 1, 2], key, |row| row);
        assert_eq!(listing.into_response().headers().get(header::LINK), None);
    }

    #[tokio::test]
    async fn a_wrong_limit_or_cursor_is_named() {
        assert_eq!(page("/x").await.unwrap().limit(), 50);
        assert_eq!(page("/x?limit=200").await.unwrap().limit(), 200);
        for limit in ["0", "201", "-1", "many", "1.5", "99999999999"] {
            let failure = page(&format!("/x?limit={limit}")).await.unwrap_err();
            assert_eq!(failure.problem().errors[0].field.as_deref(), Some("limit"));
        }
        let other_form = URL_SAFE_NO_PAD.encode(b"1[]");
        let other_key = encode("/x", &"a text").unwrap();
        let other_list = encode("/y", &key(&1)).unwrap();
        for cursor in [
            "x",
            "%00",
            "AAAA",
            other_form.as_str(),
            other_key.as_str(),
            other_list.as_str(),
            &"A".repeat(2000),
        ] {
            let failure = match page(&format!("/x?cursor={cursor}")).await {
                Ok(page) => page.after::<Key>().unwrap_err(),
                Err(failure) => failure,
            };
            assert_eq!(failure.status().as_u16(), 400);
            assert_eq!(failure.problem().errors[0].field.as_deref(), Some("cursor"));
        }
    }
}
