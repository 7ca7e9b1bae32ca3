//! `POST /api/users/signin`: opens a session.

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use tessera_contracts::SessionId;
use tessera_contracts::http::Problem;
use tessera_contracts::http::users::{Credentials, User as Answer};
use tessera_platform::http::{Body, ClientAddress, Failure, SECURITY};
use tessera_platform::session::User as Caller;
use tracing::info;

use super::token;
use crate::App;
use crate::domain::{Email, Password, User};
use crate::operations::{PasswordRefusal, SignIn, sign_in};
use crate::store::users;

/// Signs in
///
/// Whether the address is unknown or the password wrong, answer and time are the same.
#[utoipa::path(
    post, path = "/api/users/signin", tag = "auth", request_body = Credentials,
    responses(
        (status = 200, description = "One is signed in", body = Answer, headers(
            ("Set-Cookie" = String, description = "The session, for browsers"),
            ("Authorization" = String, description = "The session, for API clients: `Bearer …`"),
        )),
        (status = 400, description = "The body is not valid", body = Problem),
        (status = 401, description = "The address or the password is wrong", body = Problem),
        (status = 429, description = "Too often", body = Problem),
    )
)]
pub async fn sign_in_user(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    body: Body,
) -> Result<(HeaderMap, Json<Answer>), Failure> {
    let (email, password) = credentials(&body)?;
    app.ctx.limits.sign_in.check(email.key(), address)?;
    let user = known(&app, &email, password).await?;
    let command = SignIn {
        user_id: user.id,
        version: user.version,
        sid: SessionId::from(app.ctx.ids.next()),
    };
    let opened = app
        .ctx
        .db
        .write(command, |tx, command| Box::pin(sign_in(tx, command)));
    let (session, ended) = opened.await?;
    token::refuse(&app.ctx, &ended);
    let caller = Caller {
        id: user.id,
        sid: session.id,
    };
    info!(target: SECURITY, user = %user.id, "signed in");
    let headers = token::first(&app, caller, session.created_at)?;
    let answer = Answer {
        id: user.id,
        email: user.email,
    };
    Ok((headers, Json(answer)))
}

fn credentials(body: &Body) -> Result<(Email, Password), Failure> {
    let mut fields = body.fields()?;
    let email = fields.required("email", |text: String| Email::parse(&text));
    let password = fields.required("password", Password::claimed);
    fields.finish_with(|| Some((email?, password?)))
}

/// The user whose address and password these are.
async fn known(app: &App, email: &Email, password: Password) -> Result<User, Failure> {
    let user = users::find_by_email(&app.ctx.db, email).await?;
    let hash = user.as_ref().map(|user| user.password_hash.clone());
    let matches = app.passwords.matches(password, hash).await?;
    user.filter(|_| matches)
        .ok_or_else(|| PasswordRefusal::Wrong.into())
}
