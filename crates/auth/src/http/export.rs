//! `GET /api/users/export`: all that auth holds of oneself.

use axum::Json;
use axum::extract::State;
use tessera_contracts::http::Problem;
use tessera_contracts::http::users::{Export, ExportedSession};
use tessera_platform::http::{Failure, SignedIn};

use crate::App;
use crate::domain::Session;
use crate::store::{sessions, users};

/// Exports all that is held of oneself here
///
/// The password's hash alone is left out. One's listings, orders and payments come from their own
/// lists.
#[utoipa::path(
    get, path = "/api/users/export", tag = "auth",
    responses(
        (status = 200, description = "Oneself, and one's sessions", body = Export),
        (status = 401, description = "Not signed in", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn export_own_data(
    State(App { ctx, .. }): State<App>,
    SignedIn(caller): SignedIn,
) -> Result<Json<Export>, Failure> {
    // This process may not have heard yet that the session ended.
    let session = sessions::find(&ctx.db, caller).await?;
    if !session.is_some_and(|session| session.lives(ctx.clock.now())) {
        return Err(Failure::unauthorized());
    }
    let user = users::find(&ctx.db, caller.id).await?;
    let user = user.ok_or_else(Failure::unauthorized)?;
    let sessions = sessions::list(&ctx.db, user.id).await?;
    Ok(Json(Export {
        id: user.id,
        email: user.email,
        created_at: user.created_at,
        updated_at: user.updated_at,
        sessions: sessions.iter().map(exported).collect(),
    }))
}

fn exported(session: &Session) -> ExportedSession {
    ExportedSession {
        id: session.id,
        created_at: session.created_at,
        used_at: session.last_used_at,
        expires_at: session.ends_at(),
    }
}
