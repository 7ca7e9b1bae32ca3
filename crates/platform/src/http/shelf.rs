//! Answers as they were written last, each with the `ETag` of what it shows: what would read the same is not written again.
//!
//! What is put here is the same for everybody who asks for it.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http_body_util::BodyExt;
use parking_lot::RwLock;

use super::problem::Failure;

/// As many answers are kept: of some 40 KB each, and 150 KB at most.
const MOST: usize = 64;

/// The answers, by what makes one another. Cheap to clone; clones share them.
#[derive(Debug)]
pub struct Shelf<K>(Arc<RwLock<HashMap<K, Arc<Shelved>>>>);

/// An answer.
#[derive(Debug)]
pub struct Shelved {
    /// Of what it shows.
    pub etag: HeaderValue,
    headers: HeaderMap,
    body: Bytes,
}

impl<K: Eq + Hash> Shelf<K> {
    /// What was put there last.
    pub fn get(&self, key: &K) -> Option<Arc<Shelved>> {
        self.0.read().get(key).cloned()
    }

    /// Keeps a successful answer, and gives it.
    pub async fn put(
        &self,
        key: K,
        etag: HeaderValue,
        answer: Response,
    ) -> Result<Response, Failure> {
        let (head, body) = answer.into_parts();
        let body = body.collect().await.map_err(Failure::internal)?.to_bytes();
        let shelved = Shelved {
            etag,
            headers: head.headers.clone(),
            body: body.clone(),
        };
        let mut all = self.0.write();
        // Anybody can ask for any number of them: those that are asked for often are soon here again.
        if all.len() >= MOST && !all.contains_key(&key) {
            all.clear();
        }
        all.insert(key, Arc::new(shelved));
        Ok(Response::from_parts(head, Body::from(body)))
    }
}

impl Shelved {
    /// As it was given.
    pub fn answer(&self) -> Response {
        (self.headers.clone(), self.body.clone()).into_response()
    }
}

impl<K> Clone for Shelf<K> {
    fn clone(&self) -> Self {
        Shelf(self.0.clone())
    }
}

impl<K> Default for Shelf<K> {
    fn default() -> Self {
        Shelf(Arc::default())
    }
}
