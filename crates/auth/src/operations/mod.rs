//! What can be done to users and sessions: each operation decides, saves, and appends its events,
//! in the transaction that it is given.
//!
//! No operation checks a password: that takes far too long for a transaction. It is checked before,
//! against one version of the user, and the operation acts on that version or not at all.

mod change_password;
mod delete_account;
mod end;
#[cfg(test)]
mod races;
mod renew;
mod sign_in;
mod sign_out;
mod sign_up;
#[cfg(test)]
mod tests;

pub use change_password::{ChangePassword, change_password};
pub use delete_account::{DeleteAccount, delete_account};
pub use renew::renew;
pub use sign_in::{SignIn, sign_in};
pub use sign_out::{SignOut, sign_out};
pub use sign_up::{SignUp, sign_up};

use axum::http::StatusCode;
use tessera_platform::db::DbError;
use tessera_platform::http::Failure;

/// Why something that takes one's password was not done.
#[derive(Debug, thiserror::Error)]
pub enum PasswordRefusal {
    #[error("the e-mail address or the password is wrong")]
    Wrong,
    #[error("the session has ended")]
    SignedOut,
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<PasswordRefusal> for Failure {
    fn from(refusal: PasswordRefusal) -> Failure {
        match refusal {
            PasswordRefusal::Wrong => Failure::new(
                StatusCode::UNAUTHORIZED,
                "invalid_credentials",
                "Invalid credentials",
            ),
            PasswordRefusal::SignedOut => Failure::unauthorized(),
            PasswordRefusal::Db(error) => error.into(),
        }
    }
}
