//! What somebody looks for in the listings, and the keys that listings are sorted by.

use std::ops::RangeInclusive;
use std::str::FromStr;

use jiff::Timestamp;
use tessera_contracts::{Price, TicketId, UserId};

use super::{Ticket, Wanted};

/// The start of a listing without one: later than every other.
pub const UNDATED: i64 = i64::MAX;

/// A search among the listings that are for sale, or among all of one seller's.
#[derive(Clone, Debug)]
pub struct Search {
    /// Whose listings, in any state; without one, those for sale.
    pub seller: Option<UserId>,
    /// Whether those are among them that somebody is buying at this moment.
    pub with_reserved: bool,
    /// Terms, all of which a listing must have.
    pub wanted: Vec<Wanted>,
    /// Bounds of [`price_key`].
    pub price: Option<RangeInclusive<i64>>,
    /// Bounds of [`start_key`].
    pub starts: Option<RangeInclusive<i64>>,
    /// In which order.
    pub sort: Sort,
    /// Only what comes after this place.
    pub after: Option<Place>,
    /// At most so many.
    pub limit: i64,
    /// When it is.
    pub now: Timestamp,
}

impl Search {
    /// Whether what is reserved is left out.
    pub fn is_for_sale_only(&self) -> bool {
        self.seller.is_none() && !self.with_reserved
    }
}

/// An order of listings; those that are equal in it follow by their ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sort {
    /// The newest first.
    Newest,
    /// The oldest first.
    Oldest,
    /// The cheapest first, by the number alone, whatever its currency.
    Price,
    /// The dearest first.
    PriceDown,
    /// The soonest first, and those without a start last.
    Date,
    /// The latest first, after those without a start.
    DateDown,
}

/// The place of a listing in an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// [`Sort::key`]
    pub key: i64,
    pub id: TicketId,
}

/// The text is the name of no order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sort must be createdAt, price or startsAt, or one of them after a -, as in -createdAt")]
pub struct UnknownSort;

impl Sort {
    /// Its name in a query.
    pub fn as_str(self) -> &'static str {
        match self {
            Sort::Newest => "-createdAt",
            Sort::Oldest => "createdAt",
            Sort::Price => "price",
            Sort::PriceDown => "-price",
            Sort::Date => "startsAt",
            Sort::DateDown => "-startsAt",
        }
    }

    /// What a listing is sorted by before its id.
    pub fn key(self, ticket: &Ticket) -> i64 {
        match self {
            Sort::Newest | Sort::Oldest => 0,
            Sort::Price | Sort::PriceDown => price_key(ticket.details.price),
            Sort::Date | Sort::DateDown => start_key(ticket.details.starts_at),
        }
    }
}

impl FromStr for Sort {
    type Err = UnknownSort;

    fn from_str(text: &str) -> Result<Sort, UnknownSort> {
        match text {
            "-createdAt" | "newest" => Ok(Sort::Newest),
            "createdAt" | "oldest" => Ok(Sort::Oldest),
            "price" => Ok(Sort::Price),
            "-price" => Ok(Sort::PriceDown),
            "startsAt" | "date" => Ok(Sort::Date),
            "-startsAt" | "-date" => Ok(Sort::DateDown),
            _ => Err(UnknownSort),
        }
    }
}

/// The price in thousandths: no currency that people pay with has finer units.
pub fn price_key(price: Price) -> i64 {
    let missing = 3_u32.saturating_sub(price.currency().minor_digits());
    price.minor().saturating_mul(10_i64.saturating_pow(missing))
}

/// The start in milliseconds since 1970, or [`UNDATED`].
pub fn start_key(starts_at: Option<Timestamp>) -> i64 {
    starts_at.map_or(UNDATED, Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_compared_by_their_number() {
        let key = |text, code: &str| price_key(Price::parse(text, code.parse().unwrap()).unwrap());
        assert_eq!(key("120.5", "usd"), 120_500);
        assert_eq!(key("120", "jpy"), 120_000);
        assert_eq!(key("120.499", "kwd"), 120_499);
    }

    #[test]
    fn every_order_has_a_name() {
        use Sort::{Date, DateDown, Newest, Oldest, Price, PriceDown};
        for sort in [Newest, Oldest, Price, PriceDown, Date, DateDown] {
            assert_eq!(sort.as_str().parse(), Ok(sort));
        }
        assert_eq!("cheapest".parse::<Sort>(), Err(UnknownSort));
    }
}
