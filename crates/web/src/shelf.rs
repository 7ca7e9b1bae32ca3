//! Pages for nobody in particular, as they were written last: a page that would read the same is not written again.
//!
//! Whether it would is the service's word: a page is kept with the `ETag` of what it shows, and the service is asked
//! each time whether that is still what it would answer. A service that does not tell (PostgreSQL does not) has its pages
//! written each time. What is kept is nothing of a person's: who brings a session is not served from here.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use parking_lot::RwLock;
use tessera_platform::http::Failure;

use crate::api::Answer;
use crate::app::App;
use crate::pages::home;
use crate::visitor::Visitor;

/// As many pages are kept, of some 40 KB each.
const MOST_PAGES: usize = 64;

/// The pages. Cheap to clone; clones share them.
#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<RwLock<HashMap<Key, Arc<Kept>>>>);

/// What makes one page another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    /// Path and query.
    here: String,
    language: &'static str,
    /// How it may be compressed.
    encodings: Option<HeaderValue>,
}

struct Kept {
    /// Of the API's answer that it shows.
    etag: HeaderValue,
    headers: HeaderMap,
    body: Bytes,
}

/// The API's answer, for the page that is written from it.
#[derive(Clone)]
pub(crate) struct Fetched(pub(crate) Arc<Answer>);

/// Serves home from the shelf, or has it written and keeps it.
pub(crate) async fn keep(State(app): State<App>, request: Request, next: Next) -> Response {
    let (mut head, body) = request.into_parts();
    let Ok(visitor) = Visitor::from_request_parts(&mut head, &app).await;
    if visitor.has_session() || head.method != Method::GET {
        return next.run(Request::from_parts(head, body)).await;
    }
    let key = Key {
        here: visitor.here.clone(),
        language: visitor.locale.tag(),
        encodings: head.headers.get(header::ACCEPT_ENCODING).cloned(),
    };
    let kept = app.shelf.0.read().get(&key).cloned();
    let etag = kept.as_ref().map(|kept| &kept.etag);
    let answer = match home::fetch(&visitor, etag).await {
        Ok(answer) => answer,
        Err(failure) => return failure.into_response(),
    };
    if let Some(kept) = kept.filter(|_| answer.status == StatusCode::NOT_MODIFIED) {
        app.hub.expect();
        return (kept.headers.clone(), kept.body.clone()).into_response();
    }
    let etag = answer.headers.get(header::ETAG).cloned();
    head.extensions.insert(Fetched(Arc::new(answer)));
    let response = next.run(Request::from_parts(head, body)).await;
    match etag.filter(|_| response.status() == StatusCode::OK) {
        Some(etag) => app.shelf.put(key, etag, response).await,
        None => response,
    }
}

impl Shelf {
    async fn put(&self, key: Key, etag: HeaderValue, response: Response) -> Response {
        let (head, body) = response.into_parts();
        let body = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(error) => return Failure::internal(error).into_response(),
        };
        let kept = Kept {
            etag,
            headers: head.headers.clone(),
            body: body.clone(),
        };
        let mut pages = self.0.write();
        // Anybody can ask for any number of pages: those that are asked for often are soon here again.
        if pages.len() >= MOST_PAGES && !pages.contains_key(&key) {
            pages.clear();
        }
        pages.insert(key, Arc::new(kept));
        Response::from_parts(head, Body::from(body))
    }
}
