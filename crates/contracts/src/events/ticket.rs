//! What tickets says about its listings.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::ids::{OrderId, TicketId, UserId};
use crate::money::{Amount, Currency, Money, MoneyError};
use crate::status::{RefusalReason, TicketStatus};

/// The full public state of a listing: the data of `ticket:created` and `ticket:updated`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketState {
    /// The ticket.
    pub id: TicketId,
    /// Grows with every change of the listing, its lock included.
    pub version: i64,
    /// The version made by the seller's last edit. Locks and releases do not move it; left out, it is `version`.
    #[serde(default)]
    pub edit_version: Option<i64>,
    /// The seller.
    pub user_id: UserId,
    /// What is sold, as its seller named it.
    pub title: String,
    /// What the seller asks, in `currency`.
    pub price: Amount,
    /// The currency of `price`.
    pub currency: Currency,
    /// Whether it can be bought.
    pub status: TicketStatus,
    /// The order that holds or bought it.
    #[serde(default)]
    pub order_id: Option<OrderId>,
    /// The kind of event, such as `concert`.
    #[serde(default)]
    pub category: Option<String>,
    /// The name of the place.
    #[serde(default)]
    pub venue: Option<String>,
    /// The city of the place.
    #[serde(default)]
    pub city: Option<String>,
    /// The country of the place: two upper-case letters, ISO 3166-1.
    #[serde(default)]
    pub country: Option<String>,
    /// When it begins; from then on it can't be bought.
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
    /// When it was listed.
    #[serde(with = "crate::time")]
    pub created_at: Timestamp,
    /// When this version was made.
    #[serde(with = "crate::time")]
    pub updated_at: Timestamp,
}

impl TicketState {
    /// The aggregate: the ticket's id.
    #[must_use]
    pub const fn subject(&self) -> Uuid {
        self.id.uuid()
    }

    /// The version of the last edit. An order that names an older one was made for a listing that has changed since.
    #[must_use]
    pub fn edit_version(&self) -> i64 {
        self.edit_version.unwrap_or(self.version)
    }

    /// The price as money.
    ///
    /// # Errors
    /// When the text is no amount of the currency.
    pub fn price(&self) -> Result<Money, MoneyError> {
        self.price.money(self.currency)
    }
}

/// The data of `ticket:refused`: this order does not get the lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TicketRefused {
    /// The ticket.
    pub id: TicketId,
    /// The version of the listing that was looked at; 0 where there is none.
    pub version: i64,
    /// The order that is refused.
    pub order_id: OrderId,
    /// Why.
    pub reason: RefusalReason,
}

impl TicketRefused {
    /// The aggregate: the ticket's id.
    #[must_use]
    pub const fn subject(&self) -> Uuid {
        self.id.uuid()
    }
}
