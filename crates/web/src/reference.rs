//! The API reference at `/docs`, for people who write programs.

use axum::Router;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// As that for pages, and with the pictures that its style sheet holds. Its one inline style, the colour of a logo, is refused.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
);

/// The reference, and the description that it is made of.
pub(crate) fn routes(reference: OpenApi) -> Router {
    // Its badge would be asked for from elsewhere.
    let config = Config::default().validator_url("none");
    let docs = SwaggerUi::new("/docs")
        .url("/api/openapi.json", reference)
        .config(config);
    let with_policy = axum::middleware::map_response(async |mut response: Response| {
        let is_page = response
            .headers()
            .get(header::CONTENT_TYPE)
            .is_some_and(|media_type| media_type.as_bytes().starts_with(b"text/html"));
        if is_page {
            response
                .headers_mut()
                .insert(header::CONTENT_SECURITY_POLICY, POLICY);
        }
        response
    });
    Router::new().merge(docs).layer(with_policy)
}
