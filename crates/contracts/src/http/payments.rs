//! Bodies of `/api/payments`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ids::{OrderId, PaymentId};
use crate::money::{Amount, Currency, SignedAmount};
use crate::status::{PaymentStatus, StatementKind};

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
    /// With what the payer's browser lets the bank confirm it; only with `requires_action`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub client_secret: Option<String>,
    /// The order's total, in `currency`.
    pub amount: Amount,
    /// How much of it was given back, or is about to be; left out when nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub refunded: Option<Amount>,
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

/// What a seller has of their sales, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Balance {
    /// The currency of all amounts.
    pub currency: Currency,
    /// Theirs, and not paid out yet; below zero, what they owe.
    pub payable: SignedAmount,
    /// Kept from them until a buyer's bank has decided about a chargeback.
    pub frozen: SignedAmount,
    /// Paid out so far.
    pub paid_out: SignedAmount,
}

/// One line of a seller's statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatementLine {
    /// The line.
    pub id: Uuid,
    /// When it was written.
    #[serde(with = "crate::time")]
    pub at: Timestamp,
    /// What it is for.
    pub kind: StatementKind,
    /// The order that it is about; not with `payout`.
    #[serde(default)]
    pub order_id: Option<OrderId>,
    /// What was sold in that order.
    #[serde(default)]
    pub title: Option<String>,
    /// What came to the seller's balance, in `currency`; below zero, what went.
    pub amount: SignedAmount,
    /// The currency of `amount`.
    pub currency: Currency,
    /// Of a refund its reason, of a payout its reference.
    #[serde(default)]
    pub note: Option<String>,
}
