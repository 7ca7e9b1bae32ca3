//! `POST /api/users/signout`: ends one's session, or all of them.

use std::convert::Infallible;

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use serde_json::{Value, json};
use tessera_contracts::http::Problem;
use tessera_contracts::http::users::SignOut as Request;
use tessera_platform::http::{Body, Failure, SECURITY};
use tracing::info;

use super::token;
use crate::App;
use crate::operations::{SignOut, sign_out};

/// Signs out
///
/// The session's tokens count for nothing any more: here at once, in the other services some
/// milliseconds later. Who is not signed in gets the same answer.
#[utoipa::path(
    post, path = "/api/users/signout", tag = "auth", request_body = Option<Request>,
    responses(
        (status = 200, description = "One is signed out", body = Object, headers(
            ("Set-Cookie" = String, description = "Takes the cookie away"),
        )),
        (status = 400, description = "The body is not valid", body = Problem),
    )
)]
pub async fn sign_out_user(
    State(App { ctx, .. }): State<App>,
    request: HeaderMap,
    body: Body,
) -> Result<(HeaderMap, Json<Value>), Failure> {
    let mut fields = body.fields_if_any()?;
    let everywhere = fields.optional("everywhere", Ok::<bool, Infallible>);
    fields.finish()?;
    // Also by a token that has run out: its session may still live.
    if let Some(verified) = ctx.sessions.recognise(&request) {
        let command = SignOut {
            caller: verified.user,
            everywhere: everywhere.unwrap_or(false),
        };
        let ended = ctx
            .db
            .write(command, |tx, command| Box::pin(sign_out(tx, command)))
            .await?;
        token::refuse(&ctx, &ended);
        if !ended.is_empty() {
            info!(target: SECURITY, user = %verified.user.id, sessions = ended.len(), "signed out");
        }
    }
    Ok((token::cleared(&ctx)?, Json(json!({}))))
}
