//! What expiration says: that an order's time is up.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ids::OrderId;

/// The data of `expiration:complete`: a nudge. Orders decides by its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExpirationComplete {
    /// The order whose lock is past its end.
    pub order_id: OrderId,
}

impl ExpirationComplete {
    /// The aggregate: the order's id.
    #[must_use]
    pub const fn subject(&self) -> Uuid {
        self.order_id.uuid()
    }
}
