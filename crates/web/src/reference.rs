//! The API reference at `/docs`, for people who write programs.

use std::io::Read;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use serde_json::Value;
use tessera_platform::http::Failure;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// As that for pages, and with the pictures that its style sheet holds. Its one inline style, the colour of a logo, is refused.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The reference, and the description that it is made of.
pub(crate) fn routes(reference: Value) -> Router {
    // Its badge would be asked for from elsewhere.
    let config = Config::default().validator_url("none");
    let docs = SwaggerUi::new("/docs")
        .external_url_unchecked("/api/openapi.json", reference)
        .config(config);
    let docs = Router::new().merge(docs);
    docs.layer(from_fn(async |request: Request, next: Next| {
        let accepts = accepts_gzip(&request);
        let mut response = careful(next.run(request).await);
        let varies = HeaderValue::from_static("accept-encoding");
        response.headers_mut().insert(header::VARY, varies);
        if accepts {
            Ok(response)
        } else {
            unpacked(response).await
        }
    }))
}

/// With the policy of a page, and the charset of a text: its files are served without either.
fn careful(mut response: Response) -> Response {
    let headers = response.headers_mut();
    let media_type = headers.get(header::CONTENT_TYPE);
    let media_type = media_type.and_then(|media_type| media_type.to_str().ok());
    let Some(text) = media_type.filter(|media_type| media_type.starts_with("text/")) else {
        return response;
    };
    let is_page = text.starts_with("text/html");
    let with_charset = (!text.contains("charset=")).then(|| format!("{text}; charset=utf-8"));
    if let Some(Ok(media_type)) = with_charset.map(HeaderValue::try_from) {
        headers.insert(header::CONTENT_TYPE, media_type);
    }
    if is_page {
        headers.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    }
    response
}

/// Whether a browser asks, and not somebody by hand. (That one could refuse it by a weight of 0, and would get it all the same.)
fn accepts_gzip(request: &Request) -> bool {
    let accepted = request.headers().get_all(header::ACCEPT_ENCODING);
    let mut accepted = accepted.iter().filter_map(|value| value.to_str().ok());
    accepted.any(|value| value.contains("gzip") || value.contains('*'))
}

/// Its files are part of the binary in compressed form alone, and served so.
async fn unpacked(response: Response) -> Result<Response, Failure> {
    let (mut head, body) = response.into_parts();
    let body = body.collect().await.map_err(Failure::internal)?.to_bytes();
    if head.headers.remove(header::CONTENT_ENCODING).is_none() {
        return Ok(Response::from_parts(head, Body::from(body)));
    }
    head.headers.remove(header::CONTENT_LENGTH);
    let mut plain = Vec::new();
    let read = GzDecoder::new(body.as_ref()).read_to_end(&mut plain);
    read.map_err(Failure::internal)?;
    Ok((head, plain).into_response())
}
