//! Requests on their way from people to services.

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Method, Request, header};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use serde_json::Value;
use tessera_platform::http::PeerAddress;
use tessera_platform::session;
use tokio::sync::oneshot;
use tower::ServiceExt;

use crate::persons::Held;

/// A request, as often as it has to be made.
#[derive(Clone, Debug)]
pub struct Call {
    /// Who answers it.
    pub service: &'static str,
    /// `POST`, `PUT`, `DELETE`, `GET`
    pub method: Method,
    /// Where.
    pub path: String,
    /// By which session, if somebody is signed in.
    pub held: Option<Held>,
    /// The idempotency key, if it has one.
    pub key: Option<String>,
    /// The body, if it has one.
    pub body: Option<Value>,
}

/// What was answered.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body, or `null`.
    pub body: Value,
    /// Whether it says when to come back, so that it may be another one then.
    pub is_for_now: bool,
    /// A token that was handed over with it.
    pub token: Option<String>,
}

/// A request on its way, and who waits for the answer.
pub struct Errand {
    /// The request.
    pub call: Call,
    /// Who waits.
    pub reply: oneshot::Sender<Answer>,
}

/// The way out. Clones share it.
#[derive(Clone, Default)]
pub struct Net(Arc<Mutex<Vec<Errand>>>);

impl Net {
    /// Sends a request; `None` when no answer came.
    pub async fn ask(&self, call: &Call) -> Option<Answer> {
        let (reply, answer) = oneshot::channel();
        self.0.lock().push(Errand {
            call: call.clone(),
            reply,
        });
        answer.await.ok()
    }

    /// All that is on its way.
    pub fn take(&self) -> Vec<Errand> {
        std::mem::take(&mut *self.0.lock())
    }
}

impl Answer {
    /// Whether it says that nobody is signed in.
    pub fn names_nobody(&self) -> bool {
        let named = self.body.get("currentUser");
        named.is_some_and(Value::is_null)
    }
}

impl Call {
    /// Has it answered by the process of the service.
    pub async fn answered_by(self, router: Router) -> Answer {
        let Ok(response) = router.oneshot(self.request()).await;
        let (head, body) = response.into_parts();
        let bytes = match body.collect().await {
            Ok(body) => body.to_bytes(),
            Err(_) => Default::default(),
        };
        Answer {
            status: head.status.as_u16(),
            is_for_now: head.headers.contains_key(header::RETRY_AFTER),
            token: session::bearer(&head.headers).map(str::to_owned),
            body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        }
    }

    fn request(self) -> Request<Body> {
        let mut headers = HeaderMap::new();
        let mut set = |name: &'static str, value: String| {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        };
        if let Some(held) = self.held {
            set("authorization", format!("Bearer {}", held.token));
        }
        if let Some(key) = self.key {
            set("idempotency-key", key);
        }
        let body = match self.body {
            Some(body) => {
                set(header::CONTENT_TYPE.as_str(), "application/json".to_owned());
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let mut request = Request::new(body);
        *request.method_mut() = self.method;
        if let Ok(path) = self.path.parse() {
            *request.uri_mut() = path;
        }
        *request.headers_mut() = headers;
        let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 40_000));
        request.extensions_mut().insert(PeerAddress(peer));
        request
    }
}
