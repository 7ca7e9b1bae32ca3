//! Web is what people see in a browser: the start page, and the API reference, which is part of the binary
//! and needs no network.
//!
//! It keeps nothing, and knows the services by their public APIs alone: it never reads a database, and
//! never asks for more than its visitor may.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::{Config, SwaggerUi};

/// Its name in metrics and logs, and as an argument of `tessera serve`.
pub const NAME: &str = "web";

const START: &str = include_str!("pages/start.html");

/// No page at all, for a process that runs other services only.
pub fn none() -> Router {
    Router::new()
}

/// All pages, and `reference`, the description of the services' endpoints, as they are read at `/docs`.
pub fn routes(reference: OpenApi) -> Router {
    // Its badge would be asked for from elsewhere.
    let config = Config::default().validator_url("none");
    let docs = SwaggerUi::new("/docs")
        .url("/api/openapi.json", reference)
        .config(config);
    Router::new()
        .route("/", get(|| async { Html(START) }))
        .merge(docs)
}
