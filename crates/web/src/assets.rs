//! The style sheet, the scripts and the pictures: ours, part of the binary, and named by what is in them, so that a browser
//! may keep each for ever.

use std::sync::LazyLock;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tessera_platform::http::Failure;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

use crate::digest;

/// A year: the longest that caches count with.
const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");

/// Good for text of this size, and cheap enough to do for every page.
const LEVEL: CompressionLevel = CompressionLevel::Precise(4);

struct Asset {
    /// As the templates name it.
    name: &'static str,
    /// Where it is served.
    path: String,
    media_type: &'static str,
    bytes: &'static [u8],
}

static ALL: LazyLock<[Asset; 5]> = LazyLock::new(|| {
    [
        asset(
            "app.css",
            "text/css; charset=utf-8",
            include_bytes!("../assets/app.css"),
        ),
        asset(
            "app.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../assets/app.js"),
        ),
        asset(
            "pay.js",
            "text/javascript; charset=utf-8",
            include_bytes!("../assets/pay.js"),
        ),
        asset(
            "favicon.svg",
            "image/svg+xml",
            include_bytes!("../assets/favicon.svg"),
        ),
        asset(
            "preview.png",
            "image/png",
            include_bytes!("../assets/preview.png"),
        ),
    ]
});

fn asset(name: &'static str, media_type: &'static str, bytes: &'static [u8]) -> Asset {
    let hash = digest::short(bytes);
    let (stem, extension) = name.split_once('.').unwrap_or((name, ""));
    Asset {
        name,
        path: format!("/assets/{stem}.{hash}.{extension}"),
        media_type,
        bytes,
    }
}

/// Where an asset is served.
pub(crate) fn path(name: &str) -> &'static str {
    let found = ALL.iter().find(|asset| asset.name == name);
    found.map_or("/", |asset| asset.path.as_str())
}

/// All of them.
pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new()
        .route("/assets/{name}", get(serve))
        // Browsers ask for it where nothing tells them of another, as on a page of an older version.
        .route("/favicon.ico", get(icon))
        .route("/robots.txt", get(robots))
}

async fn serve(Path(name): Path<String>) -> Result<Response, Failure> {
    let found = ALL
        .iter()
        .find(|asset| asset.path.strip_prefix("/assets/") == Some(name.as_str()));
    let none = || Failure::not_found("not_found", "There is nothing at this address.");
    found.map(answer).ok_or_else(none)
}

/// By a name that says nothing of its content: kept for a day.
async fn icon() -> Response {
    let found = ALL.iter().find(|asset| asset.name == "favicon.svg");
    let mut response = found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), answer);
    let for_a_day = HeaderValue::from_static("public, max-age=86400");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, for_a_day);
    response
}

fn answer(asset: &Asset) -> Response {
    let media_type = HeaderValue::from_static(asset.media_type);
    let headers = [
        (header::CONTENT_TYPE, media_type),
        (header::CACHE_CONTROL, FOR_EVER),
    ];
    (headers, asset.bytes).into_response()
}

/// Listings may be found; what is somebody's own leads nowhere without them.
async fn robots() -> &'static str {
    "User-agent: *\nDisallow: /account\nDisallow: /orders\nDisallow: /listings\nDisallow: /auth\nDisallow: /live\n"
}

/// Compresses for whoever can read that. Streams of events and pictures are left as they are.
pub(crate) fn compression() -> CompressionLayer {
    CompressionLayer::new().quality(LEVEL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_has_a_place_named_by_its_content() {
        for name in ["app.css", "app.js", "pay.js", "favicon.svg", "preview.png"] {
            let path = path(name);
            let (stem, extension) = name.split_once('.').unwrap();
            assert!(path.starts_with(&format!("/assets/{stem}.")), "{path}");
            assert!(path.ends_with(&format!(".{extension}")), "{path}");
            assert_eq!(path.len(), "/assets/.".len() + name.len() + 12, "{path}");
        }
    }
}
