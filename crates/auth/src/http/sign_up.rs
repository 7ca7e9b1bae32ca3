//! `POST /api/users/signup`: makes an account.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use tessera_contracts::SessionId;
use tessera_contracts::http::Problem;
use tessera_contracts::http::users::{Credentials, User as Answer};
use tessera_platform::http::{Body, ClientAddress, Failure, SECURITY};
use tessera_platform::session::User as Caller;
use tracing::info;

use super::token;
use crate::App;
use crate::domain::{Email, NewUser, Password};
use crate::operations::{SignUp, sign_up};

/// Signs up
///
/// The answer opens a session: a browser keeps the cookie, an API client sends the `Authorization`
/// header as it is.
#[utoipa::path(
    post, path = "/api/users/signup", tag = "auth", request_body = Credentials,
    responses(
        (status = 201, description = "The account is made, and one is signed in", body = Answer, headers(
            ("Set-Cookie" = String, description = "The session, for browsers"),
            ("Authorization" = String, description = "The session, for API clients: `Bearer …`"),
        )),
        (status = 400, description = "The body is not valid", body = Problem),
        (status = 409, description = "The address is in use", body = Problem),
        (status = 429, description = "Too often", body = Problem),
    )
)]
pub async fn sign_up_user(
    State(app): State<App>,
    ClientAddress(address): ClientAddress,
    body: Body,
) -> Result<(StatusCode, HeaderMap, Json<Answer>), Failure> {
    let (email, password) = credentials(&body)?;
    app.ctx.limits.sign_up.check(email.key(), address)?;
    let user = NewUser {
        id: app.ctx.ids.next().into(),
        email,
        password_hash: app.passwords.hash(password).await?,
    };
    let answer = Answer {
        id: user.id,
        email: user.email.as_given().to_owned(),
    };
    let sid = SessionId::from(app.ctx.ids.next());
    let command = SignUp { user, sid };
    let session = app
        .ctx
        .db
        .write(command, |tx, command| Box::pin(sign_up(tx, command)))
        .await?;
    info!(target: SECURITY, user = %session.user_id, "signed up");
    let caller = Caller {
        id: session.user_id,
        sid,
    };
    let headers = token::first(&app, caller, session.created_at)?;
    Ok((StatusCode::CREATED, headers, Json(answer)))
}

fn credentials(body: &Body) -> Result<(Email, Password), Failure> {
    let mut fields = body.fields()?;
    let email = fields.required("email", |text: String| Email::parse(&text));
    let password = fields.required("password", Password::chosen);
    fields.finish_with(|| Some((email?, password?)))
}
