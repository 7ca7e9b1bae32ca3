//! The door that every request comes through, once, whatever service it is for.
//!
//! In this order: its trace, room for it, where it comes from, who sends it, whether a page of
//! another site does; then the service, within a time limit; then the headers, the measurement and
//! the log line.

use std::future::ready;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use futures_util::FutureExt;
use tessera_contracts::http::Problem;
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
    /// Whether some routes answer every path.
    answers_all: bool,
}

/// What all services' requests share.
struct Shared {
    public_url: PublicUrl,
    trusted_proxies: TrustedProxies,
    ids: Ids,
    room: Semaphore,
    timeout: Duration,
}

/// Makes a page of a problem, for a browser that says this of itself.
pub type ShowProblem = dyn Fn(&HeaderMap, &Problem) -> String + Send + Sync;

/// One service's side of the front.
struct Door {
    shared: Arc<Shared>,
    sessions: Option<Sessions>,
    observer: Observer,
    /// How a person is shown a refusal; programs get the problem itself.
    show: Option<Arc<ShowProblem>>,
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
            answers_all: false,
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
        self.add_behind(self.door(name, sessions, None), routes);
    }

    fn add_behind(&mut self, door: Door, routes: Router) {
        let routes = routes
            .method_not_allowed_fallback(no_such_method)
            .layer(middleware::from_fn_with_state(Arc::new(door), pass));
        self.routes = std::mem::take(&mut self.routes).merge(routes);
    }

    fn door(
        &self,
        name: &'static str,
        sessions: Option<Sessions>,
        show: Option<Arc<ShowProblem>>,
    ) -> Door {
        Door {
            shared: self.shared.clone(),
            sessions,
            observer: Observer::new(name, self.traces.of(name)),
            show,
        }
    }

    /// Adds the pages for people, which answer every path that nobody else does.
    pub fn add_pages(&mut self, name: &'static str, routes: Router, show: Arc<ShowProblem>) {
        let routes = routes.fallback(nothing_here);
        self.add_behind(self.door(name, None, Some(show)), routes);
        self.answers_all = true;
    }

    /// The services' routes so far, each behind its door: what a request of another machine meets.
    pub fn services(&self) -> Router {
        self.routes.clone()
    }

    /// All routes of the server, with those for its operator and an answer for every other path,
    /// and the description of the services' endpoints.
    pub fn finish(mut self) -> (Router, OpenApi) {
        if !self.answers_all {
            self.add_routes("none", Router::new().fallback(nothing_here), None);
        }
        // Not behind a door: an operator must get an answer from a server that is full.
        let operations = health::routes(self.checks).merge(metrics::routes(Metrics::install()));
        let https = self.shared.public_url.is_https();
        let operations =
            operations.layer(middleware::map_response(move |mut response: Response| {
                security_headers::apply(response.headers_mut(), true, https);
                ready(response)
            }));
        (self.routes.merge(operations), self.openapi)
    }
}

async fn pass(State(door): State<Arc<Door>>, request: Request, next: Next) -> Response {
    let parent = TraceParent::of_request(request.headers());
    let step = door.observer.step(parent, &door.shared.ids);
    let work = async {
        let mut seen = Seen::new(&request);
        let is_api = request.uri().path().starts_with("/api");
        let person = door.person(&request);
        let mut response = match door.admit(request) {
            Ok(request) => {
                seen.sent_by(request.extensions().get::<Caller>());
                door.answer(request, next).await
            }
            Err(failure) => failure.into_response(),
        };
        if let (Some(person), Some(show)) = (person, &door.show) {
            show_problem(&mut response, &person, show.as_ref());
        }
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

    /// What a person's browser says of itself, where there are pages for it.
    fn person(&self, request: &Request) -> Option<HeaderMap> {
        self.show.as_ref()?;
        let is_person = wants_page(request) && !request.uri().path().starts_with("/api");
        is_person.then(|| request.headers().clone())
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

/// Whether a person's browser asks for something to show, and not a program or a script.
pub fn wants_page(request: &Request) -> bool {
    let accept = request.headers().get(header::ACCEPT);
    let accept = accept.and_then(|value| value.to_str().ok());
    accept.is_some_and(|accept| accept.contains("text/html"))
}

/// Puts a page in the place of a problem; what else the answer says of it, such as when to come back, stays.
fn show_problem(response: &mut Response, person: &HeaderMap, show: &ShowProblem) {
    let Some(problem) = response.extensions().get::<Arc<Problem>>().cloned() else {
        return;
    };
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, html);
    // It speaks the language of who asked, and shows whether they are signed in.
    let kept_by_nobody = HeaderValue::from_static("no-store");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, kept_by_nobody);
    // Those of the problem's own body.
    response.headers_mut().remove(header::CONTENT_LENGTH);
    response.headers_mut().remove(header::CONTENT_ENCODING);
    *response.body_mut() = Body::from(show(person, &problem));
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
