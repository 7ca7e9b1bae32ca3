//! The body of a request, read whole: small, and JSON.

use std::time::Duration;

use axum::body::HttpBody;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};

use super::fields::Fields;
use super::problem::Failure;

/// The largest body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 64 * 1024;

/// Bytes beyond it that are still taken in, so that the client comes to see the refusal.
const MOST_DISCARDED_BYTES: usize = 16 * 1024 * 1024;

/// How long a client may take to send it: it holds a place among the requests meanwhile.
const READ_WITHIN: Duration = Duration::from_secs(5);

/// The bytes of a JSON body. A request without a body counts as one with no fields.
#[derive(Clone, Debug)]
pub struct Body(Bytes);

impl Body {
    /// The bytes, exactly as sent.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The fields of the JSON object that the body is.
    pub fn fields(&self) -> Result<Fields<'_>, Failure> {
        if self.0.is_empty() {
            Ok(Fields::none())
        } else {
            Fields::parse(&self.0)
        }
    }

    /// The same of a body that may be left out: `null` says that it is.
    pub fn fields_if_any(&self) -> Result<Fields<'_>, Failure> {
        if self.0.trim_ascii() == b"null" {
            Ok(Fields::none())
        } else {
            self.fields()
        }
    }
}

impl From<Bytes> for Body {
    fn from(bytes: Bytes) -> Body {
        Body(bytes)
    }
}

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Failure;

    async fn from_request(request: Request, _state: &S) -> Result<Body, Failure> {
        let is_json = is_json(request.headers());
        let bytes = whole_body(request).await?;
        if !bytes.is_empty() && !is_json {
            let detail = "The body must be JSON, with the content type application/json.";
            return Err(Failure::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "not_json",
                detail,
            ));
        }
        Ok(Body(bytes))
    }
}

/// Reads a body of any kind, up to [`MAX_BODY_BYTES`].
pub async fn whole_body(request: Request) -> Result<Bytes, Failure> {
    let (parts, mut body) = request.into_parts();
    if is_not_worth_reading(&parts.headers, &body) {
        return Err(too_large());
    }
    let read = Limited::new(&mut body, MAX_BODY_BYTES).collect();
    let Ok(read) = tokio::time::timeout(READ_WITHIN, read).await else {
        return Err(too_slow());
    };
    match read {
        Ok(collected) => Ok(collected.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => {
            // If that takes too long, the client sees the refusal or does not.
            let _late = tokio::time::timeout(READ_WITHIN, discard(&mut body)).await;
            Err(too_large())
        }
        Err(error) => Err(Failure::bad_request("The body could not be read.").because(error)),
    }
}

/// Whether it is too large by its own account, and its client waits to be told, or sends more than is discarded.
fn is_not_worth_reading(headers: &HeaderMap, body: &axum::body::Body) -> bool {
    let said = body.size_hint().lower();
    let in_vain = said > (MAX_BODY_BYTES + MOST_DISCARDED_BYTES) as u64;
    in_vain || said > MAX_BODY_BYTES as u64 && headers.contains_key(header::EXPECT)
}

/// Reads on without keeping anything: most clients look for an answer only once they have sent all.
async fn discard(body: &mut axum::body::Body) {
    let mut left = MOST_DISCARDED_BYTES;
    while let Some(Ok(frame)) = body.frame().await {
        let bytes = frame.data_ref().map_or(0, Bytes::len);
        let Some(rest) = left.checked_sub(bytes) else {
            return;
        };
        left = rest;
    }
}

fn too_slow() -> Failure {
    let detail = "The body took too long to arrive.";
    Failure::new(StatusCode::REQUEST_TIMEOUT, "body_too_slow", detail)
}

fn too_large() -> Failure {
    let detail = format!("The body is larger than {} KiB.", MAX_BODY_BYTES / 1024);
    Failure::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", detail)
}

/// Whether the content type is `application/json` or `application/…+json`.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(value)) = headers
        .get(header::CONTENT_TYPE)
        .map(|value| value.to_str())
    else {
        return false;
    };
    let essence = value
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let subtype = essence.strip_prefix("application/");
    subtype.is_some_and(|subtype| subtype == "json" || subtype.ends_with("+json"))
}
