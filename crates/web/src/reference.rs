//! The API reference at `/docs`, for people who write programs.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use serde_json::Value;
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
    docs.layer(axum::middleware::map_response(async |response| {
        careful(response)
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
