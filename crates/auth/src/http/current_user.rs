//! `GET /api/users/currentuser`: who one is, and a fresh token for who stays.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use jiff::Timestamp;
use tessera_contracts::http::users::{CurrentUser, User as Answer};
use tessera_platform::http::Failure;
use tessera_platform::service::Ctx;
use tessera_platform::session::Verified;

use super::token;
use crate::App;
use crate::domain::{Session, User};
use crate::operations::renew;
use crate::store::{sessions, users};

/// Tells who is signed in
///
/// A token older than an hour is renewed while its session lives: 30 days from its last use. The
/// new one comes the way the old one did, as cookie or in the `Authorization` header.
#[utoipa::path(
    get, path = "/api/users/currentuser", tag = "auth",
    responses(
        (status = 200, description = "Oneself, or `null`", body = CurrentUser, headers(
            ("Set-Cookie" = String, description = "A renewed session; or takes a dead cookie away"),
            ("Authorization" = String, description = "A renewed session, if the old one came as `Bearer …`"),
        )),
    )
)]
pub async fn current_user(
    State(app): State<App>,
    request: HeaderMap,
) -> Result<(HeaderMap, Json<CurrentUser>), Failure> {
    let Some((verified, user)) = living(&app.ctx, &request).await? else {
        return nobody(&app.ctx, &request);
    };
    let headers = match fresh(&app.ctx, verified).await? {
        Fresh::Enough => HeaderMap::new(),
        Fresh::Renewed(now) => token::renewed(&app, verified.user, now, &request)?,
        Fresh::Dead => return nobody(&app.ctx, &request),
    };
    let answer = Answer {
        id: user.id,
        email: user.email,
    };
    let current_user = Some(answer);
    Ok((headers, Json(CurrentUser { current_user })))
}

/// What becomes of a token.
enum Fresh {
    /// It is young.
    Enough,
    /// Another one is to be issued, of this moment.
    Renewed(Timestamp),
    /// Its session ended meanwhile.
    Dead,
}

/// The user, if the session lives: its token may have run out.
async fn living(ctx: &Ctx, request: &HeaderMap) -> Result<Option<(Verified, User)>, Failure> {
    let Some(verified) = ctx.sessions.recognise(request) else {
        return Ok(None);
    };
    let session = sessions::find(&ctx.db, verified.user).await?;
    if !session.is_some_and(|session| session.lives(ctx.clock.now())) {
        return Ok(None);
    }
    let user = users::find(&ctx.db, verified.user.id).await?;
    Ok(user.map(|user| (verified, user)))
}

async fn fresh(ctx: &Ctx, verified: Verified) -> Result<Fresh, Failure> {
    if !Session::is_renewable(verified.issued_at, ctx.clock.now()) {
        return Ok(Fresh::Enough);
    }
    let renewed = ctx
        .db
        .write(verified.user, |tx, caller| Box::pin(renew(tx, caller)));
    Ok(renewed.await?.map_or(Fresh::Dead, Fresh::Renewed))
}

fn nobody(ctx: &Ctx, request: &HeaderMap) -> Result<(HeaderMap, Json<CurrentUser>), Failure> {
    let headers = if request.contains_key(header::COOKIE) && !token::came_as_bearer(request) {
        token::cleared(ctx)?
    } else {
        HeaderMap::new()
    };
    let current_user = None;
    Ok((headers, Json(CurrentUser { current_user })))
}
