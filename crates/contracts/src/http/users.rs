//! Bodies of `/api/users`.

use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{SessionId, UserId};

/// Oneself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct User {
    /// The user.
    pub id: UserId,
    /// The address one signs in with.
    #[schema(format = Email, example = "ada@example.com")]
    pub email: String,
}

/// What is sent to sign up and to sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Credentials {
    /// The address; upper and lower case are the same.
    #[schema(format = Email, example = "ada@example.com")]
    pub email: String,
    /// The password: 8 to 128 characters.
    pub password: Secret,
}

/// What may be sent to sign out; an empty body does too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignOut {
    /// Ends all sessions of the user, not only this one.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    pub everywhere: bool,
}

/// Who is signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CurrentUser {
    /// Oneself, or `null` when signed out.
    #[serde(default)]
    pub current_user: Option<User>,
}

/// What is sent to change one's password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasswordChange {
    /// The password until now.
    pub current: Secret,
    /// The password from now on: 8 to 128 characters.
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    pub new: Secret,
}

/// What is sent to delete one's account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AccountDeletion {
    /// The password, once more.
    pub password: Secret,
}

/// All that auth holds of oneself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Export {
    /// The user.
    pub id: UserId,
    /// The address one signs in with.
    #[schema(format = Email, example = "ada@example.com")]
    pub email: String,
    /// When one signed up.
    #[serde(with = "crate::time")]
    pub created_at: Timestamp,
    /// When the account last changed, such as by a new password.
    #[serde(with = "crate::time")]
    pub updated_at: Timestamp,
    /// The sessions that are remembered, newest first.
    pub sessions: Vec<ExportedSession>,
}

/// One session of [`Export`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExportedSession {
    /// The session.
    pub id: SessionId,
    /// When one signed in.
    #[serde(with = "crate::time")]
    pub created_at: Timestamp,
    /// When it was last renewed.
    #[serde(with = "crate::time")]
    pub used_at: Timestamp,
    /// When it ended, or ends if it is not used again.
    #[serde(with = "crate::time")]
    pub expires_at: Timestamp,
}

/// A password: travels, but is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = Password, min_length = 1)]
pub struct Secret(String);

impl Secret {
    /// The password itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}
