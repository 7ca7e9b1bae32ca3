//! How a token reaches its owner, and how it is taken back.
//!
//! Browsers get a cookie that no script can read. API clients get the header
//! `Authorization: Bearer …`, which they send as it is.

use axum::http::{HeaderMap, HeaderValue, header};
use jiff::Timestamp;
use tessera_contracts::events::SessionEnded;
use tessera_platform::http::Failure;
use tessera_platform::service::Ctx;
use tessera_platform::session::{self, User as Caller};

use crate::App;
use crate::domain::IDLE_LIFE;

/// The headers that hand over a token of a session that begins: both ways, since only who knows the
/// password is answered by them.
pub(super) fn first(app: &App, caller: Caller, now: Timestamp) -> Result<HeaderMap, Failure> {
    let token = issue(app, caller, now)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::SET_COOKIE, cookie(&app.ctx, &token)?);
    headers.insert(header::AUTHORIZATION, bearer(&token)?);
    Ok(headers)
}

/// The headers that hand over a new token in the way in which the old one came: otherwise a script
/// in a page could ask for the cookie's.
pub(super) fn renewed(
    app: &App,
    caller: Caller,
    now: Timestamp,
    request: &HeaderMap,
) -> Result<HeaderMap, Failure> {
    let token = issue(app, caller, now)?;
    let mut headers = HeaderMap::new();
    if came_as_bearer(request) {
        headers.insert(header::AUTHORIZATION, bearer(&token)?);
    } else {
        headers.insert(header::SET_COOKIE, cookie(&app.ctx, &token)?);
    }
    Ok(headers)
}

/// The header that takes the cookie away.
pub(super) fn cleared(ctx: &Ctx) -> Result<HeaderMap, Failure> {
    let cookie = ctx.sessions.cookie().clear().ok_or_else(unwritable)?;
    Ok(HeaderMap::from_iter([(header::SET_COOKIE, cookie)]))
}

/// Refuses the tokens of ended sessions in this process, at once.
pub(super) fn refuse(ctx: &Ctx, ended: &[SessionEnded]) {
    for SessionEnded { sid, until } in ended {
        ctx.sessions.ended().insert(*sid, *until);
    }
}

/// Whether the request's token is that of an `Authorization` header, which goes before the cookie's.
pub(super) fn came_as_bearer(request: &HeaderMap) -> bool {
    session::bearer(request).is_some()
}

fn issue(app: &App, caller: Caller, now: Timestamp) -> Result<String, Failure> {
    app.keys.issue(caller, now).map_err(Failure::internal)
}

fn cookie(ctx: &Ctx, token: &str) -> Result<HeaderValue, Failure> {
    let cookie = ctx.sessions.cookie().set(token, IDLE_LIFE);
    cookie.ok_or_else(unwritable)
}

fn bearer(token: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::try_from(format!("Bearer {token}")).map_err(Failure::internal)
}

fn unwritable() -> Failure {
    Failure::internal("the session cookie is no header")
}
