//! `DELETE /api/users/me`: deletes one's account.

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tessera_contracts::http::Problem;
use tessera_contracts::http::users::AccountDeletion;
use tessera_platform::http::{Body, ClientAddress, Failure, SECURITY, SignedIn};
use tracing::info;

use super::confirm::confirmed;
use super::token;
use crate::App;
use crate::domain::Password;
use crate::operations::{DeleteAccount, delete_account};

/// Deletes one's account
///
/// Address, password and sessions are deleted at once. One's free listings are withdrawn and unpaid
/// orders cancelled; what was sold or bought keeps the bare id.
#[utoipa::path(
    delete, path = "/api/users/me", tag = "auth", request_body = AccountDeletion,
    responses(
        (status = 204, description = "The account is deleted", headers(
            ("Set-Cookie" = String, description = "Takes the cookie away"),
        )),
        (status = 400, description = "The body is not valid", body = Problem),
        (status = 401, description = "Not signed in, or the password is wrong", body = Problem),
        (status = 429, description = "Too often", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn delete_own_account(
    State(app): State<App>,
    SignedIn(caller): SignedIn,
    ClientAddress(address): ClientAddress,
    body: Body,
) -> Result<(StatusCode, HeaderMap), Failure> {
    let mut fields = body.fields()?;
    let password = fields.required("password", Password::claimed);
    let password = fields.finish_with(|| password)?;
    let user = confirmed(&app, caller, password, address).await?;
    let command = DeleteAccount {
        caller,
        version: user.version,
    };
    let deleted = app
        .ctx
        .db
        .write(command, |tx, command| Box::pin(delete_account(tx, command)));
    token::refuse(&app.ctx, &deleted.await?);
    info!(target: SECURITY, user = %caller.id, "deleted the account");
    Ok((StatusCode::NO_CONTENT, token::cleared(&app.ctx)?))
}
