//! Services that are asked in the midst of a property: real ones, on a real database, behind their real front.
//!
//! What is sent may be anything, so it is written byte by byte; what comes back is whole.

use std::future::Future;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, header};
use serde_json::Value;
use tessera_platform::config::Settings;
use tessera_platform::service::Definition;
use tessera_platform::testing::{TestApp, TestUser};
use tokio::runtime::Runtime;
use tower::ServiceExt;

/// The services under test, and what runs them.
pub struct Desk {
    pub app: TestApp,
    runtime: Runtime,
}

/// What was answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    /// The body as JSON; `null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body as text.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

impl Desk {
    /// Opens it with the services of these names.
    pub fn open(services: &[&str]) -> Desk {
        Desk::open_with(services, |_| {})
    }

    /// The same, with settings of the test's own.
    pub fn open_with(services: &[&str], change: impl FnOnce(&mut Settings)) -> Desk {
        let all = tessera::SERVICES.iter();
        let chosen: Vec<Definition> = all
            .filter(|one| services.contains(&one.name))
            .copied()
            .collect();
        assert_eq!(chosen.len(), services.len(), "{services:?}");
        let runtime = Runtime::new().expect("a runtime");
        let app = runtime.block_on(TestApp::start_with(&chosen, change));
        Desk { app, runtime }
    }

    /// Waits for what an app does.
    pub fn wait<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Sends a request, and reads the answer.
    pub fn send(&self, request: Request<Body>) -> Reply {
        self.wait(async {
            let Ok(response) = self.app.over_http().oneshot(request).await;
            let (head, body) = response.into_parts();
            let body = axum::body::to_bytes(body, usize::MAX).await;
            Reply {
                status: head.status.as_u16(),
                headers: head.headers,
                body: body.expect("a whole body").to_vec(),
            }
        })
    }

    /// `GET`, as somebody or as nobody. A path that no client could send is answered with `None`.
    pub fn get(&self, path: &str, user: Option<&TestUser>) -> Option<Reply> {
        let request = request(Method::GET, path, user).body(Body::empty());
        request.ok().map(|request| self.send(request))
    }

    /// `POST` of a body that is said to be JSON.
    pub fn post(&self, path: &str, user: &TestUser, body: impl Into<Body>) -> Reply {
        let request = request(Method::POST, path, Some(user)).body(body.into());
        self.send(request.expect("a request"))
    }
}

/// The head of a request of JSON.
pub fn request(
    method: Method,
    path: &str,
    user: Option<&TestUser>,
) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    let request = request.header(header::CONTENT_TYPE, "application/json");
    match user {
        Some(user) => request.header(header::AUTHORIZATION, format!("Bearer {}", user.token)),
        None => request,
    }
}

/// `text` as a part of a query.
pub fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}
