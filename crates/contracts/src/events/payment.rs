//! What payments says about its payments.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ids::{OrderId, PaymentId};
use crate::money::{Amount, Currency, Money, MoneyError};
use crate::status::PaymentStatus;

/// The full public state of a payment: the data of `payment:created`, `payment:captured`, `payment:failed`, `payment:voided` and `payment:refunded`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PaymentState {
    /// The payment.
    pub id: PaymentId,
    /// Grows with every change of the payment.
    pub version: i64,
    /// The order that it pays.
    pub order_id: OrderId,
    /// Where it stands.
    pub status: PaymentStatus,
    /// The order's total, in `currency`.
    pub amount: Amount,
    /// The currency of `amount`.
    pub currency: Currency,
    /// How much of it was given back; left out when nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refunded: Option<Amount>,
    /// The card gateway's own id of it, once it has one.
    #[serde(default)]
    pub gateway_id: Option<String>,
}

impl PaymentState {
    /// The aggregate: the payment's id.
    #[must_use]
    pub const fn subject(&self) -> Uuid {
        self.id.uuid()
    }

    /// The amount as money.
    ///
    /// # Errors
    /// When the text is no amount of the currency.
    pub fn amount(&self) -> Result<Money, MoneyError> {
        self.amount.money(self.currency)
    }
}
