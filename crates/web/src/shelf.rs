//! Pages for nobody in particular, as they were written last: a page that would read the same is not written again.
//!
//! Whether it would is the service's word: a page is kept with the `ETag` of what it shows, and the service is asked
//! whether that is still what it would answer, once for all who wait. Of a service that does not tell (PostgreSQL does
//! not) pages are written once for all who wait. What is kept is nothing of a person's: who brings a session is not
//! served from here.

use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tessera_platform::http::{Shelf, Turn};

use crate::api::Answer;
use crate::app::App;
use crate::pages::home;
use crate::visitor::Visitor;

/// The pages.
pub(crate) type Pages = Shelf<Key>;

/// What makes one page another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    /// Path and query.
    here: String,
    language: &'static str,
    /// How it may be compressed.
    encodings: Option<HeaderValue>,
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
    let asked = app.shelf.ask(key);
    let writing = match asked.turn().await {
        Turn::Kept(kept) => return kept.answer(),
        Turn::Write(writing) => writing,
    };
    // With the tag of the API's answer that it shows.
    let kept = writing.kept();
    let etag = kept.as_ref().and_then(|kept| kept.etag.as_ref());
    let answer = match home::fetch(&visitor, etag).await {
        Ok(answer) => answer,
        Err(failure) => return failure.into_response(),
    };
    if let Some(kept) = kept.filter(|_| answer.status == StatusCode::NOT_MODIFIED) {
        return writing.keep_on(&kept);
    }
    let etag = answer.headers.get(header::ETAG).cloned();
    head.extensions.insert(Fetched(Arc::new(answer)));
    let response = next.run(Request::from_parts(head, body)).await;
    if response.status() != StatusCode::OK {
        return response;
    }
    writing.keep(etag, response).await.into_response()
}
