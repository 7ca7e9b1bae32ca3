//! What orders says about its orders.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ids::{OrderId, TicketId, UserId};
use crate::money::{Amount, Currency, Money, MoneyError};
use crate::status::{CancelReason, OrderStatus};

/// The full public state of an order: the data of `order:created`, `order:updated`, `order:cancelled` and `order:completed`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderState {
    /// The order.
    pub id: OrderId,
    /// Grows with every change of the order.
    pub version: i64,
    /// Where it stands.
    pub status: OrderStatus,
    /// Why it was cancelled; only with `cancelled`.
    #[serde(default)]
    pub cancel_reason: Option<CancelReason>,
    /// The buyer.
    pub user_id: UserId,
    /// When its lock ends, unless it is paid by then.
    #[serde(with = "crate::time")]
    pub expires_at: Timestamp,
    /// What the seller asked, fixed when reserving, in `currency`.
    pub price: Amount,
    /// What the marketplace adds, fixed when reserving.
    pub fee: Amount,
    /// What the buyer pays: `price` and `fee`.
    pub total: Amount,
    /// What the marketplace keeps of `price`, fixed when reserving: the seller gets the rest. Left out where it keeps
    /// nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seller_fee: Option<Amount>,
    /// The currency of them all.
    pub currency: Currency,
    /// The ticket as the buyer saw it.
    pub ticket: OrderTicket,
}

impl OrderState {
    /// The aggregate: the order's id.
    #[must_use]
    pub const fn subject(&self) -> Uuid {
        self.id.uuid()
    }

    /// The price as money.
    ///
    /// # Errors
    /// When the text is no amount of the currency.
    pub fn price(&self) -> Result<Money, MoneyError> {
        self.price.money(self.currency)
    }

    /// The fee as money.
    ///
    /// # Errors
    /// When the text is no amount of the currency.
    pub fn fee(&self) -> Result<Money, MoneyError> {
        self.fee.money(self.currency)
    }

    /// What the marketplace keeps of the price, as money.
    ///
    /// # Errors
    /// When the text is no amount of the currency.
    pub fn seller_fee(&self) -> Result<Money, MoneyError> {
        match &self.seller_fee {
            Some(fee) => fee.money(self.currency),
            None => Ok(Money::new(0, self.currency)),
        }
    }

    /// What the buyer pays, as money.
    ///
    /// # Errors
    /// When the text is no amount of the currency.
    pub fn total(&self) -> Result<Money, MoneyError> {
        self.total.money(self.currency)
    }
}

/// The ticket of an order, as it was when it was reserved; later edits do not change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderTicket {
    /// The ticket.
    pub id: TicketId,
    /// The version of the listing that the buyer saw.
    pub version: i64,
    /// The seller.
    pub user_id: UserId,
    /// What is sold, as its seller named it.
    pub title: String,
    /// What the seller asked, in `currency`.
    pub price: Amount,
    /// The currency of `price`.
    pub currency: Currency,
    /// The name of the place.
    #[serde(default)]
    pub venue: Option<String>,
    /// The city of the place.
    #[serde(default)]
    pub city: Option<String>,
    /// The country of the place: two upper-case letters, ISO 3166-1.
    #[serde(default)]
    pub country: Option<String>,
    /// When it begins.
    #[serde(default, with = "crate::time::optional")]
    pub starts_at: Option<Timestamp>,
    /// The time zone of the place, an IANA name such as `Europe/Vienna`.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// The part of the house.
    #[serde(default)]
    pub section: Option<String>,
    /// The row.
    #[serde(default)]
    pub row: Option<String>,
    /// The seat.
    #[serde(default)]
    pub seat: Option<String>,
}

impl OrderTicket {
    /// The price as money.
    ///
    /// # Errors
    /// When the text is no amount of the currency.
    pub fn price(&self) -> Result<Money, MoneyError> {
        self.price.money(self.currency)
    }
}
