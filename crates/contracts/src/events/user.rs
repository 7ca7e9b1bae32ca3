//! What auth says about its users: that they exist, and nothing that would tell who they are.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ids::UserId;

/// The data of `user:registered` and `user:deleted`. Never an e-mail address or a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserState {
    /// The user.
    pub id: UserId,
}

impl UserState {
    /// The aggregate: the user's id.
    #[must_use]
    pub const fn subject(&self) -> Uuid {
        self.id.uuid()
    }
}
