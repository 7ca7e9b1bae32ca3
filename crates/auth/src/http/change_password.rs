//! `POST /api/users/password`: changes one's password.

use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use tessera_contracts::http::Problem;
use tessera_contracts::http::users::PasswordChange;
use tessera_platform::http::{Body, ClientAddress, Failure, SECURITY, SignedIn};
use tracing::info;

use super::confirm::confirmed;
use super::token;
use crate::App;
use crate::domain::Password;
use crate::operations::{ChangePassword, change_password};

/// Changes one's password
///
/// All other sessions end; the one that it is changed in goes on.
#[utoipa::path(
    post, path = "/api/users/password", tag = "auth", request_body = PasswordChange,
    responses(
        (status = 200, description = "The password is changed", body = Object),
        (status = 400, description = "The body is not valid", body = Problem),
        (status = 401, description = "Not signed in, or the current password is wrong", body = Problem),
        (status = 429, description = "Too often", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn change_own_password(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    ClientAddress(address): ClientAddress,
    body: Body,
) -> Result<Json<Value>, Failure> {
    let (current, new) = passwords(&body)?;
    let user = confirmed(&app, caller, current, address).await?;
    let command = ChangePassword {
        caller,
        version: user.version,
        hash: app.passwords.hash(new).await?,
    };
    let changed = app.ctx.db.write(command, |tx, command| {
        Box::pin(change_password(tx, command))
    });
    token::refuse(&app.ctx, &changed.await?);
    info!(target: SECURITY, user = %caller.id, "changed the password");
    Ok(Json(json!({})))
}

fn passwords(body: &Body) -> Result<(Password, Password), Failure> {
    let mut fields = body.fields()?;
    let current = fields.required("current", Password::claimed);
    let new = fields.required("new", Password::chosen);
    fields.finish_with(|| Some((current?, new?)))
}
