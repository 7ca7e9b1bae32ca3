//! What auth says about its sessions: that one has ended.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ids::SessionId;

/// The data of `session:ended`: tokens of this session are refused from now on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionEnded {
    /// The session.
    pub sid: SessionId,
    /// When its last token runs out by itself: until then the end must be remembered.
    #[serde(with = "crate::time")]
    pub until: Timestamp,
}

impl SessionEnded {
    /// The aggregate: the session's id.
    #[must_use]
    pub const fn subject(&self) -> Uuid {
        self.sid.uuid()
    }
}
