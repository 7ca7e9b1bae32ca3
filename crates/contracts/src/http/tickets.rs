//! Bodies of `/api/tickets`.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, OneOf, SchemaType, Type};
use utoipa::openapi::{RefOr, Schema};

use crate::ids::{OrderId, TicketId, UserId};
use crate::money::{Amount, Currency, amount_or_number};
use crate::status::TicketStatus;

/// A listing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    /// The ticket.
    pub id: TicketId,
    /// Grows with every change; the `ETag` of the listing, and what `If-Match` takes.
    pub version: i64,
    /// The seller.
    pub user_id: UserId,
    /// What is sold.
    pub title: String,
    /// What the seller asks, in `currency`.
    pub price: Amount,
    /// What the marketplace adds.
    pub fee: Amount,
    /// What a buyer pays: `price` and `fee`.
    pub total: Amount,
    /// What the marketplace keeps of `price`: the seller gets the rest. Left out where it keeps nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub seller_fee: Option<Amount>,
    /// The currency of them all.
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
    /// When it changed last.
    #[serde(with = "crate::time")]
    pub updated_at: Timestamp,
}

/// What a seller sends to list a ticket.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct NewTicket {
    /// What is sold.
    #[schema(min_length = 1, max_length = 200)]
    pub title: String,
    /// What the seller asks; a JSON number is taken too.
    #[schema(schema_with = amount_or_number)]
    pub price: Amount,
    /// The currency of `price`; `usd` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<Currency>,
    /// The kind of event, such as `concert`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub category: Option<String>,
    /// The name of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub venue: Option<String>,
    /// The city of the place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 100)]
    pub city: Option<String>,
    /// The country of the place: two letters, ISO 3166-1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(pattern = "^[A-Za-z]{2}$")]
    pub country: Option<String>,
    /// When it begins.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::time::optional"
    )]
    pub starts_at: Option<Timestamp>,
    /// The time zone of the place, an IANA name such as `Europe/Vienna`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// The part of the house.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = word_or_number, required = false)]
    pub section: Option<String>,
    /// The row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = word_or_number, required = false)]
    pub row: Option<String>,
    /// The seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = word_or_number, required = false)]
    pub seat: Option<String>,
}

/// What a seller sends to edit a listing: a field left out keeps its value, `null` clears it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
// Of two `Option`s the outer one says whether the field is sent, the inner one whether it has a value.
pub struct TicketChange {
    /// What is sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, min_length = 1, max_length = 200)]
    pub title: Option<String>,
    /// What the seller asks; a JSON number is taken too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(schema_with = amount_or_number, required = false)]
    pub price: Option<Amount>,
    /// The currency of `price`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub currency: Option<Currency>,
    /// The kind of event, such as `concert`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "sent"
    )]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub category: Option<Option<String>>,
    /// The name of the place.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "sent"
    )]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub venue: Option<Option<String>>,
    /// The city of the place.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "sent"
    )]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    pub city: Option<Option<String>>,
    /// The country of the place: two letters, ISO 3166-1.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "sent"
    )]
    #[schema(value_type = Option<String>, pattern = "^[A-Za-z]{2}$")]
    pub country: Option<Option<String>>,
    /// When it begins.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "sent"
    )]
    #[schema(value_type = Option<Timestamp>)]
    pub starts_at: Option<Option<Timestamp>>,
    /// The time zone of the place, an IANA name such as `Europe/Vienna`.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "sent"
    )]
    #[schema(value_type = Option<String>)]
    pub time_zone: Option<Option<String>>,
    /// The part of the house.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "sent"
    )]
    #[schema(schema_with = word_or_number, required = false)]
    pub section: Option<Option<String>>,
    /// The row.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "sent"
    )]
    #[schema(schema_with = word_or_number, required = false)]
    pub row: Option<Option<String>>,
    /// The seat.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "sent"
    )]
    #[schema(schema_with = word_or_number, required = false)]
    pub seat: Option<Option<String>>,
}

/// Tells `null`, which is sent, from a field that is not there.
fn sent<'de, D, T>(deserializer: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Some)
}

/// What a part of the house, a row or a seat is called: many are numbered.
fn word_or_number() -> RefOr<Schema> {
    let word = Object::builder()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .min_length(Some(1))
        .max_length(Some(100));
    let number = Object::builder().schema_type(Type::Number);
    OneOf::builder()
        .description(Some(
            "A text, or a JSON number that is kept as it is written.",
        ))
        .item(word)
        .item(number)
        .into()
}
