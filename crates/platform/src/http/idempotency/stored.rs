//! An answer that can be given again.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tessera_contracts::http::Problem;

use crate::http::Failure;

const REPLAYED: &str = "idempotency-replayed";

/// The answer to a write: all of it that matters to a client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    pub(super) status: StatusCode,
    pub(super) body: String,
    pub(super) location: Option<String>,
    /// Whether it was given before.
    pub(super) replayed: bool,
}

impl Stored {
    /// An answer with this status and JSON body.
    pub fn json<T: Serialize>(status: StatusCode, body: &T) -> Stored {
        match serde_json::to_string(body) {
            Ok(body) => Stored {
                status,
                body,
                location: None,
                replayed: false,
            },
            Err(error) => Stored::from(&Failure::internal(error)),
        }
    }

    /// 201, with the path of what was created.
    pub fn created<T: Serialize>(location: String, body: &T) -> Stored {
        Stored {
            location: Some(location),
            ..Stored::json(StatusCode::CREATED, body)
        }
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<&Failure> for Stored {
    fn from(failure: &Failure) -> Stored {
        let body = serde_json::to_string(failure.problem()).unwrap_or_default();
        Stored {
            status: failure.status(),
            body,
            location: None,
            replayed: false,
        }
    }
}

impl IntoResponse for Stored {
    fn into_response(self) -> Response {
        let refused = self.status.is_client_error() || self.status.is_server_error();
        let media_type = if refused {
            Problem::MEDIA_TYPE
        } else {
            "application/json"
        };
        let mut response = (self.status, self.body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        if let Some(location) = self
            .location
            .and_then(|path| HeaderValue::try_from(path).ok())
        {
            headers.insert(header::LOCATION, location);
        }
        if self.replayed {
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
        }
        response
    }
}
