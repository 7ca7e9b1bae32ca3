//! Bodies of `/api/payments`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::ids::{OrderId, PaymentId};
use crate::money::{Amount, Currency};
use crate::status::PaymentStatus;

/// A payment of one's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The payment.
    pub id: PaymentId,
    /// The order that it pays.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Why the card was declined, as the gateway's slug, such as `insufficient_funds`; only with `declined`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub decline_code: Option<String>,
    /// The order's total, in `currency`.
    pub amount: Amount,
    /// The currency of `amount`.
    pub currency: Currency,
    /// When it was asked for.
    #[serde(with = "crate::time")]
    pub created_at: Timestamp,
}

/// What a buyer sends to pay an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewPayment {
    /// The order.
    pub order_id: OrderId,
    /// What the card gateway gave for the card, such as `tok_visa` with the built-in test gateway.
    pub token: String,
}
