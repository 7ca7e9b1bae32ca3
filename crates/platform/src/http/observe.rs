//! One measurement and one log line for each request.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;
use metrics::Histogram;
use parking_lot::RwLock;
use tessera_contracts::UserId;
use tessera_contracts::http::Problem;
use tokio::time::Instant;
use tracing::field;

use super::extract::Caller;
use super::trace::TraceParent;
use crate::ids::Ids;
use crate::telemetry::traces::{Kind, Span, Tracer};
use crate::telemetry::{measured_now, names};

/// The trace's id on every answer, so that a person can quote it.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What an operator watches for attacks: who was kept out, and what became of accounts and sessions.
pub const SECURITY: &str = "tessera::security";

/// What is kept of a request while it is answered.
pub(super) struct Seen {
    method: Method,
    uri: Uri,
    route: Option<MatchedPath>,
    user: Option<UserId>,
    since: Instant,
}

impl Seen {
    pub(super) fn new(request: &Request) -> Seen {
        Seen {
            method: request.method().clone(),
            uri: request.uri().clone(),
            route: request.extensions().get::<MatchedPath>().cloned(),
            user: None,
            since: measured_now(),
        }
    }

    /// Notes who sent it, once that is known.
    pub(super) fn sent_by(&mut self, caller: Option<&Caller>) {
        self.user = caller
            .and_then(|caller| caller.session)
            .map(|session| session.user.id);
    }

    fn route(&self) -> &str {
        self.route.as_ref().map_or("unmatched", MatchedPath::as_str)
    }

    /// As OpenTelemetry's conventions have it, without what may be personal: no query, no address, no headers.
    fn span(&self, status: StatusCode, took: Duration) -> Span {
        let method = method_label(&self.method);
        let name = match &self.route {
            Some(route) => format!("{method} {}", route.as_str()),
            None => method.to_owned(),
        };
        let code = i64::from(status.as_u16());
        let span = Span::new(Kind::Server, name, took)
            .with("http.request.method", method)
            .with("http.response.status_code", code);
        // A path that leads nowhere may hold anything.
        let span = match &self.route {
            Some(route) => span
                .with("http.route", route.as_str().to_owned())
                .with("url.path", self.uri.path().to_owned()),
            None => span,
        };
        if status.is_server_error() {
            span.failed(status.as_str().to_owned())
        } else {
            span
        }
    }
}

/// Measures the requests of one service.
pub(super) struct Observer {
    service: &'static str,
    tracer: Tracer,
    /// By route: looking a histogram up here is far cheaper than asking the recorder for it.
    known: RwLock<HashMap<String, Vec<Measured>>>,
}

struct Measured {
    method: &'static str,
    status: StatusCode,
    seconds: Histogram,
}

impl Observer {
    pub(super) fn new(service: &'static str, tracer: Tracer) -> Observer {
        Observer {
            service,
            tracer,
            known: RwLock::default(),
        }
    }

    /// The step that a request is, after the one that it came with.
    pub(super) fn step(&self, parent: Option<TraceParent>, ids: &Ids) -> TraceParent {
        let step = TraceParent::after(parent, ids);
        self.tracer.decide(step, parent)
    }

    /// Measures and logs a request that was answered, and gives the answer its id. Called within its step.
    pub(super) fn note(
        &self,
        seen: &Seen,
        step: TraceParent,
        parent: Option<TraceParent>,
        response: &mut Response,
    ) {
        let (status, took) = (response.status(), seen.since.elapsed());
        self.measure(seen, status, |seconds| seconds.record(took));
        if self.tracer.records(step) {
            self.tracer.record(step, parent, seen.span(status, took));
        }
        let Seen {
            method, uri, user, ..
        } = seen;
        let (service, path, status) = (self.service, uri.path(), status.as_u16());
        let milliseconds = took.as_micros() / 1000;
        if status >= 500 {
            tracing::warn!(target: "tessera::request", service, %method, path, status, milliseconds);
        } else if let Some(code) = refusal(response) {
            tracing::info!(target: SECURITY, service, %method, path, status, code, user = user.map(field::display), "refused");
        } else {
            tracing::debug!(target: "tessera::request", service, %method, path, status, milliseconds);
        }
        if let Ok(id) = HeaderValue::try_from(step.trace_id()) {
            response.headers_mut().insert(REQUEST_ID, id);
        }
    }

    fn measure(&self, seen: &Seen, status: StatusCode, record: impl Fn(&Histogram)) {
        let (method, route) = (method_label(&seen.method), seen.route());
        let is_it = |known: &&Measured| known.method == method && known.status == status;
        if let Some(found) = self
            .known
            .read()
            .get(route)
            .and_then(|all| all.iter().find(is_it))
        {
            return record(&found.seconds);
        }
        let seconds = self.histogram(method, route, status);
        record(&seconds);
        let measured = Measured {
            method,
            status,
            seconds,
        };
        self.known
            .write()
            .entry(route.to_owned())
            .or_default()
            .push(measured);
    }

    fn histogram(&self, method: &'static str, route: &str, status: StatusCode) -> Histogram {
        metrics::histogram!(
            names::HTTP_REQUEST_SECONDS,
            "service" => self.service,
            "method" => method,
            "route" => route.to_owned(),
            "status" => status.as_u16().to_string(),
        )
    }
}

/// Why somebody was kept out; of anything else that is refused, nothing.
fn refusal(response: &Response) -> Option<&str> {
    let keeps_out = matches!(
        response.status(),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::TOO_MANY_REQUESTS
    );
    let problem = response.extensions().get::<Arc<Problem>>();
    keeps_out.then(|| problem.map_or("none", |problem| problem.code.as_str()))
}

/// A client may make methods up, but not labels.
fn method_label(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
