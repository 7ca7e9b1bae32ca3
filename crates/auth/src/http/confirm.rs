//! One's password, once more, before what cannot be undone.

use std::net::IpAddr;

use tessera_platform::http::Failure;
use tessera_platform::session::User as Caller;

use crate::App;
use crate::domain::{Password, User};
use crate::operations::PasswordRefusal;
use crate::store::users;

/// The caller, if `password` is theirs. Guessing counts like guessing at sign-in.
pub(super) async fn confirmed(
    app: &App,
    caller: Caller,
    password: Password,
    address: IpAddr,
) -> Result<User, Failure> {
    let user = users::find(&app.ctx.db, caller.id).await?;
    let user = user.ok_or_else(Failure::unauthorized)?;
    app.ctx
        .limits
        .sign_in
        .check(user.email_key.as_str(), address)?;
    let hash = user.password_hash.clone();
    if app.passwords.matches(password, Some(hash)).await? {
        Ok(user)
    } else {
        Err(PasswordRefusal::Wrong.into())
    }
}
