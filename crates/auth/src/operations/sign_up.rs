//! Makes an account, and its first session.

use tessera_contracts::SessionId;
use tessera_contracts::events::{EventData, UserState};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::http::Failure;
use tessera_platform::outbox;

use crate::domain::{NewUser, Session};
use crate::store::{sessions, users};

/// Somebody's wish to have an account.
#[derive(Clone, Debug)]
pub struct SignUp {
    pub user: NewUser,
    pub sid: SessionId,
}

/// Why there is no new account.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    #[error("somebody has this address")]
    EmailInUse,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Adds the user, unless somebody has the address already: the unique index decides.
pub async fn sign_up(tx: &mut Tx, command: &SignUp) -> Result<Session, SignUpError> {
    let SignUp { user, sid } = command;
    let now = tx.now();
    if !users::insert(tx, user, now).await? {
        return Err(SignUpError::EmailInUse);
    }
    let session = Session::opened(*sid, user.id, now);
    sessions::insert(tx, &session).await?;
    let registered = EventData::UserRegistered(UserState { id: user.id });
    outbox::append(tx, registered).await?;
    Ok(session)
}

impl From<SignUpError> for Failure {
    fn from(error: SignUpError) -> Failure {
        match error {
            SignUpError::EmailInUse => {
                Failure::conflict("email_in_use", "Email in use").of_field("email")
            }
            SignUpError::Db(error) => error.into(),
        }
    }
}
