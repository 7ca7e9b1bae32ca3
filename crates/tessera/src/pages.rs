//! The pages beside the services' endpoints: the start page, and the API reference, which is part
//! of the binary and needs no network.

use axum::Router;
use axum::response::Html;
use axum::routing::get;
use utoipa::openapi::OpenApi;
use utoipa_swagger_ui::SwaggerUi;

use crate::docs;

const START: &str = include_str!("pages/start.html");

/// All pages, and the description that they are made from.
pub(crate) fn routes(services: &OpenApi) -> Router {
    let reference = SwaggerUi::new("/docs").url("/api/openapi.json", docs::openapi(services));
    Router::new()
        .route("/", get(|| async { Html(START) }))
        .merge(reference)
}
