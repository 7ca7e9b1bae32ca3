//! The endpoints of auth, one file each.

mod change_password;
mod confirm;
mod current_user;
mod delete_account;
mod export;
mod jwks;
mod sign_in;
mod sign_out;
mod sign_up;
mod token;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;

/// All of them.
pub fn routes(app: App) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(sign_up::sign_up_user))
        .routes(routes!(sign_in::sign_in_user))
        .routes(routes!(sign_out::sign_out_user))
        .routes(routes!(current_user::current_user))
        .routes(routes!(change_password::change_own_password))
        .routes(routes!(export::export_own_data))
        .routes(routes!(delete_account::delete_own_account))
        .routes(routes!(jwks::session_keys))
        .with_state(app)
}
