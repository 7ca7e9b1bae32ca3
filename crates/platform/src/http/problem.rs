//! Refusals and failures, as every handler answers them: problem details, RFC 9457.
//!
//! What went wrong inside is logged here, once, and never sent.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use tessera_contracts::http::{Problem, ProblemError};

use crate::db::DbError;

/// Why a request is not answered as asked. The error type of every handler.
#[derive(Debug)]
pub struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    status: StatusCode,
    problem: Problem,
    retry_after: Option<Duration>,
    /// For the log alone.
    cause: Option<String>,
}

/// How soon to come back when a queue is full.
const SHORTLY: Duration = Duration::from_secs(1);

impl Failure {
    /// A refusal; `code` is its stable slug, `detail` a sentence for a person.
    pub fn new(status: StatusCode, code: &str, detail: impl Into<String>) -> Failure {
        let title = status.canonical_reason().unwrap_or("Error");
        let problem = Problem::new(status.as_u16(), title, code, detail);
        Failure(Box::new(Inner {
            status,
            problem,
            retry_after: None,
            cause: None,
        }))
    }

    /// 400: the request makes no sense.
    pub fn bad_request(detail: impl Into<String>) -> Failure {
        Failure::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    /// 400: a parameter of the query, a header or a field is wrong; named `field`.
    pub fn invalid(field: &str, message: impl Into<String>) -> Failure {
        Failure::invalid_all(vec![ProblemError {
            message: message.into(),
            field: Some(field.to_owned()),
        }])
    }

    /// 400: all that is wrong with a body.
    pub fn invalid_all(errors: Vec<ProblemError>) -> Failure {
        let detail = match errors.as_slice() {
            [only] => only.message.clone(),
            _ => "Some fields are not valid.".to_owned(),
        };
        let mut failure = Failure::new(StatusCode::BAD_REQUEST, "validation_failed", detail);
        failure.0.problem = failure.0.problem.with_errors(errors);
        failure
    }

    /// 401: nobody is signed in.
    pub fn unauthorized() -> Failure {
        Failure::new(
            StatusCode::UNAUTHORIZED,
            "not_signed_in",
            "Please sign in first.",
        )
    }

    /// 402: the card was declined; so many attempts are left.
    pub fn payment_required(code: &str, detail: impl Into<String>, attempts_left: u32) -> Failure {
        let mut failure = Failure::new(StatusCode::PAYMENT_REQUIRED, code, detail);
        failure.0.problem = failure.0.problem.with_attempts_left(attempts_left);
        failure
    }

    /// 403: somebody is signed in, but not the one who may.
    pub fn forbidden(code: &str, detail: impl Into<String>) -> Failure {
        Failure::new(StatusCode::FORBIDDEN, code, detail)
    }

    /// 404: there is no such thing.
    pub fn not_found(code: &str, detail: impl Into<String>) -> Failure {
        Failure::new(StatusCode::NOT_FOUND, code, detail)
    }

    /// 409: not in the state that it is in.
    pub fn conflict(code: &str, detail: impl Into<String>) -> Failure {
        Failure::new(StatusCode::CONFLICT, code, detail)
    }

    /// 412: it is not the version that `If-Match` names.
    pub fn precondition_failed() -> Failure {
        let detail = "It was changed since you read it. Read it again before you change it.";
        Failure::new(StatusCode::PRECONDITION_FAILED, "version_changed", detail)
    }

    /// 422: well-formed, yet not to be processed.
    pub fn unprocessable(code: &str, detail: impl Into<String>) -> Failure {
        Failure::new(StatusCode::UNPROCESSABLE_ENTITY, code, detail)
    }

    /// 429: too often; come back later.
    pub fn too_many(retry_after: Duration) -> Failure {
        let detail = "That was tried too often. Please wait a little before you try again.";
        Failure::new(StatusCode::TOO_MANY_REQUESTS, "too_many_requests", detail)
            .retry_after(retry_after)
    }

    /// 503: not now; come back later.
    pub fn unavailable(retry_after: Duration) -> Failure {
        let detail = "The service is busy. Please try again shortly.";
        Failure::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail)
            .retry_after(retry_after)
    }

    /// 500: a fault of ours. `cause` goes to the log alone.
    pub fn internal(cause: impl fmt::Display) -> Failure {
        let detail = "Something went wrong on our side.";
        Failure::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", detail).because(cause)
    }

    /// What another service refused, passed on.
    pub fn relayed(status: StatusCode, problem: Problem, retry_after: Option<Duration>) -> Failure {
        Failure(Box::new(Inner {
            status,
            problem,
            retry_after,
            cause: None,
        }))
    }

    /// The same refusal, with a `Retry-After`: it is for now only.
    #[must_use]
    pub fn retry_after(mut self, after: Duration) -> Failure {
        self.0.retry_after = Some(after);
        self
    }

    /// The same refusal, said of one field of the body.
    #[must_use]
    pub fn of_field(mut self, field: &str) -> Failure {
        for error in &mut self.0.problem.errors {
            error.field = Some(field.to_owned());
        }
        self
    }

    /// The same refusal, with a cause for the log.
    #[must_use]
    pub fn because(mut self, cause: impl fmt::Display) -> Failure {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// The HTTP status.
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The stable slug.
    pub fn code(&self) -> &str {
        &self.0.problem.code
    }

    /// In how many seconds to come back, rounded up: who comes back on the second must not be too early.
    pub fn retry_after_seconds(&self) -> Option<u64> {
        let after = self.0.retry_after?;
        Some((after.as_secs() + u64::from(after.subsec_nanos() > 0)).max(1))
    }

    /// What is sent.
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// Whether the same request gets the same answer from now on: a refusal by a rule of the
    /// business, and not one that says when to come back.
    pub fn is_final(&self) -> bool {
        matches!(self.0.status.as_u16(), 402 | 403 | 404 | 409 | 412)
            && self.0.retry_after.is_none()
    }

    fn log(&self) {
        let Some(cause) = &self.0.cause else { return };
        let (code, status) = (self.code(), self.0.status.as_u16());
        if self.0.status.is_server_error() {
            tracing::error!(code, status, "{cause}");
        } else {
            tracing::info!(code, status, "{cause}");
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.log();
        let retry_after = self.retry_after_seconds();
        let body = serde_json::to_vec(&self.0.problem).unwrap_or_default();
        let media_type = HeaderValue::from_static(Problem::MEDIA_TYPE);
        let mut response =
            (self.0.status, [(header::CONTENT_TYPE, media_type)], body).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.0.status == StatusCode::UNAUTHORIZED {
            headers.insert(
                header::WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"tessera\""),
            );
        }
        // For whoever shows it to a person.
        response.extensions_mut().insert(Arc::new(self.0.problem));
        response
    }
}

impl From<DbError> for Failure {
    fn from(error: DbError) -> Failure {
        match error {
            DbError::Busy => Failure::unavailable(SHORTLY),
            DbError::Deadline
            | DbError::Full
            | DbError::Closed
            | DbError::Conflict(_)
            | DbError::Unavailable(_)
            | DbError::InDoubt => Failure::unavailable(SHORTLY).because(error),
            DbError::Corrupt(_)
            | DbError::Constraint(_)
            | DbError::Statement(_)
            | DbError::Failed
            | DbError::Pended
            | DbError::Panicked(_)
            | DbError::Missing(_)
            | DbError::Engine(_) => Failure::internal(error),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            status,
            problem,
            cause,
            ..
        } = &*self.0;
        write!(f, "{status} {}: {}", problem.code, problem.detail)?;
        cause.iter().try_for_each(|cause| write!(f, " ({cause})"))
    }
}

impl std::error::Error for Failure {}
