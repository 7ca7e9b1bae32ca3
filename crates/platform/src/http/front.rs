//! The door that every request comes through, once, whatever service it is for.
//!
//! In this order: its trace, room for it, where it comes from, who sends it, whether a page of
//! another site does; then the service, within a time limit; then the headers, the measurement and
//! the log line.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tokio::sync::Semaphore;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use super::address::client_address;
use super::extract::Caller;
use super::health::{self, Check};
use super::observe::{Observer, Seen};
use super::problem::Failure;
use super::trace::{self, TraceParent};
use super::{cross_site, metrics, security_headers};
use crate::config::{PublicUrl, Settings, TrustedProxies};
use crate::db::Db;
use crate::ids::Ids;
use crate::session::Sessions;
use crate::telemetry::Metrics;
use crate::telemetry::traces::Traces;

/// How many requests run at once; the next one is answered 503.
const MAX_REQUESTS: usize = 1_024;

/// How long a request may take.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// Puts the routes of all services together, each behind its door.
pub struct Front {
    shared: Arc<Shared>,
    routes: Router,
    openapi: OpenApi,
    checks: Vec<Check>,
    traces: Traces,
}

/// What all services' requests share.
struct Shared {
    public_url: PublicUrl,
    trusted_proxies: TrustedProxies,
    ids: Ids,
    room: Semaphore,
    timeout: Duration,
}

/// One service's side of the front.
struct Door {
    shared: Arc<Shared>,
    sessions: Option<Sessions>,
    observer: Observer,
}

impl Front {
    /// A front with the limits of a server.
    pub fn new(settings: &Settings, ids: &Ids) -> Front {
        Front::with_limits(settings, ids, MAX_REQUESTS, REQUEST_TIMEOUT)
    }

    /// A front with limits of its own: how many requests run at once, and for how long each may.
    pub fn with_limits(
        settings: &Settings,
        ids: &Ids,
        requests: usize,
        timeout: Duration,
    ) -> Front {
        let shared = Shared {
            public_url: settings.public_url.clone(),
            trusted_proxies: settings.trusted_proxies.clone(),
            ids: ids.clone(),
            room: Semaphore::new(requests),
            timeout,
        };
        Front {
            shared: Arc::new(shared),
            routes: Router::new(),
            openapi: OpenApi::default(),
            checks: Vec::new(),
            traces: Traces::off(),
        }
    }

    /// Records the requests of the services that are added from here on.
    #[must_use]
    pub fn traced(mut self, traces: &Traces) -> Front {
        self.traces = traces.clone();
        self
    }

    /// Adds the routes of a service, which is ready when its database answers.
    pub fn add(&mut self, name: &'static str, routes: OpenApiRouter, sessions: &Sessions, db: &Db) {
        let (routes, openapi) = routes.split_for_parts();
        self.openapi.merge(openapi);
        self.add_routes(name, routes, Some(sessions.clone()));
        self.checks.push(Check::database(name, db.clone()));
    }

    /// Adds what else must answer for the server to be ready.
    pub fn add_checks(&mut self, checks: Vec<Check>) {
        self.checks.extend(checks);
    }

    /// The description of the services' endpoints so far.
    pub fn openapi(&self) -> &OpenApi {
        &self.openapi
    }

    /// Adds routes that are described nowhere and need nothing. Without `sessions` nobody is signed
    /// in there.
    pub fn add_routes(&mut self, name: &'static str, routes: Router, sessions: Option<Sessions>) {
        let door = Arc::new(Door {
            shared: self.shared.clone(),
            sessions,
            observer: Observer::new(name, self.traces.of(name)),
        });
        let routes = routes
            .method_not_allowed_fallback(no_such_method)
            .layer(middleware::from_fn_with_state(door, pass));
        self.routes = std::mem::take(&mut self.routes).merge(routes);
    }

    /// All routes of the server, with those for its operator and an answer for every other path,
    /// and the description of the services' endpoints.
    pub fn finish(mut self) -> (Router, OpenApi) {
        self.add_routes("none", Router::new().fallback(nothing_here), None);
        // Not behind a door: an operator must get an answer from a server that is full.
        let operations = health::routes(self.checks).merge(metrics::routes(Metrics::install()));
        (self.routes.merge(operations), self.openapi)
    }
}

async fn pass(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let parent = TraceParent::of_request(request.headers());
    let step = door.observer.step(parent, &door.shared.ids);
    let work = async {
        let seen = Seen::new(&request);
        let is_api = request.uri().path().starts_with("/api");
        let mut response = match door.admit(request) {
            Ok(request) => door.answer(request, next).await,
            Err(failure) => failure.into_response(),
        };
        security_headers::apply(
            response.headers_mut(),
            is_api,
            door.shared.public_url.is_https(),
        );
        door.observer.note(&seen, step, parent, &mut response);
        response
    };
    trace::scope(step, work).await
}

impl Door {
    /// Finds out who asks, and refuses what another site's page sends.
    fn admit(&self, request: Request) -> Result<Request, Failure> {
        let (mut head, body) = request.into_parts();
        cross_site::refuse(&head, &self.shared.public_url)?;
        let address = client_address(
            &head.extensions,
            &head.headers,
            &self.shared.trusted_proxies,
        );
        let session = self
            .sessions
            .as_ref()
            .and_then(|all| all.authenticate(&head.headers));
        head.extensions.insert(Caller { address, session });
        Ok(Request::from_parts(head, body))
    }

    /// Runs the handler, if there is room, within the time limit.
    async fn answer(&self, request: Request, next: Next) -> Response {
        let Ok(_room) = self.shared.room.try_acquire() else {
            return Failure::unavailable(Duration::from_secs(1)).into_response();
        };
        let handler = AssertUnwindSafe(next.run(request)).catch_unwind();
        match tokio::time::timeout(self.shared.timeout, handler).await {
            Ok(Ok(response)) => response,
            Ok(Err(panic)) => Failure::internal(panic_message(&*panic)).into_response(),
            Err(_) => Failure::unavailable(Duration::from_secs(1))
                .because("the request took too long")
                .into_response(),
        }
    }
}

async fn nothing_here() -> Failure {
    Failure::not_found("not_found", "There is nothing at this address.")
}

async fn no_such_method() -> Failure {
    let detail = "This address does not take that method.";
    Failure::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", detail)
}

fn panic_message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!(
        "a handler panicked: {}",
        text.unwrap_or("without a message")
    )
}
