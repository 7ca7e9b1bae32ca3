//! Bodies of `/api/orders`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::events::OrderTicket;
use crate::ids::{OrderId, TicketId, UserId};
use crate::money::{Amount, Currency, amount_or_number};
use crate::status::{CancelReason, OrderStatus};

/// An order of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Order {
    /// The order.
    pub id: OrderId,
    /// Grows with every change.
    pub version: i64,
    /// The buyer.
    pub user_id: UserId,
    /// Where it stands.
    pub status: OrderStatus,
    /// Why it was cancelled; only with `cancelled`.
    #[serde(default)]
    pub cancel_reason: Option<CancelReason>,
    /// When its lock ends, unless it is paid by then.
    #[serde(with = "crate::time")]
    pub expires_at: Timestamp,
    /// What the seller asked, fixed when reserving, in `currency`.
    pub price: Amount,
    /// What the marketplace adds, fixed when reserving.
    pub fee: Amount,
    /// What the buyer pays: `price` and `fee`.
    pub total: Amount,
    /// The currency of all three.
    pub currency: Currency,
    /// The ticket as it was when it was reserved.
    pub ticket: OrderTicket,
    /// When it was reserved.
    #[serde(with = "crate::time")]
    pub created_at: Timestamp,
    /// When it changed last.
    #[serde(with = "crate::time")]
    pub updated_at: Timestamp,
}

/// What a buyer sends to reserve a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewOrder {
    /// The ticket.
    pub ticket_id: TicketId,
    /// The price that the buyer saw: the order is refused if it is another by now. A JSON number is taken too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = amount_or_number, required = false)]
    pub price: Option<Amount>,
    /// The total that the buyer saw, in the same way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = amount_or_number, required = false)]
    pub total: Option<Amount>,
}
