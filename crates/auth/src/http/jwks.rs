//! `GET /.well-known/jwks.json`: the public keys, with which every service verifies tokens alone.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderName, header};
use serde_json::Value;

use crate::App;

/// How long the keys may be kept. Short: after a change of keys, tokens of the new one are refused
/// where only the old one is known.
const KEEP: &str = "public, max-age=300";

/// The public keys that verify sessions
///
/// A JSON Web Key Set (RFC 7517) of Ed25519 keys, the signing one first.
#[utoipa::path(
    get, path = "/.well-known/jwks.json", tag = "auth",
    responses((status = 200, description = "The keys", body = Object))
)]
pub async fn session_keys(
    State(App { keys, .. }): State<App>,
) -> ([(HeaderName, &'static str); 1], Json<Value>) {
    ([(header::CACHE_CONTROL, KEEP)], Json(keys.jwks()))
}
