//! What a seller says of a ticket, and how they change it.

use jiff::Timestamp;
use tessera_contracts::{Currency, Price};

use super::{Country, Label, Title, Zone};

/// All that a seller says of a ticket. It does not change while the ticket is locked or sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Details {
    /// What is sold.
    pub title: Title,
    /// What the seller asks.
    pub price: Price,
    /// The kind of event.
    pub category: Option<Label>,
    /// The name of the place.
    pub venue: Option<Label>,
    /// Its city.
    pub city: Option<Label>,
    /// Its country.
    pub country: Option<Country>,
    /// When it begins; from then on it is not for sale.
    pub starts_at: Option<Timestamp>,
    /// The time zone of the place.
    pub time_zone: Option<Zone>,
    /// The part of the house.
    pub section: Option<Label>,
    /// The row.
    pub row: Option<Label>,
    /// The seat.
    pub seat: Option<Label>,
}

/// A change of [`Details`]: `None` keeps what is there, `Some(None)` takes it away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Change {
    pub title: Option<Title>,
    pub price: Option<Price>,
    pub category: Option<Option<Label>>,
    pub venue: Option<Option<Label>>,
    pub city: Option<Option<Label>>,
    pub country: Option<Option<Country>>,
    pub starts_at: Option<Option<Timestamp>>,
    pub time_zone: Option<Option<Zone>>,
    pub section: Option<Option<Label>>,
    pub row: Option<Option<Label>>,
    pub seat: Option<Option<Label>>,
}

/// What a price that was written in part was completed from: an amount without its currency, or a
/// currency without its amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CompletedFrom {
    Currency(Currency),
    Price(Price),
}

impl CompletedFrom {
    /// Whether a listing at `price` would complete it in the same way.
    pub fn is_still(self, price: Price) -> bool {
        match self {
            CompletedFrom::Currency(currency) => currency == price.currency(),
            CompletedFrom::Price(seen) => seen == price,
        }
    }
}

impl Details {
    /// With a title and a price alone.
    pub fn bare(title: Title, price: Price) -> Details {
        Details {
            title,
            price,
            category: None,
            venue: None,
            city: None,
            country: None,
            starts_at: None,
            time_zone: None,
            section: None,
            row: None,
            seat: None,
        }
    }

    /// As they are after the change.
    #[must_use]
    pub fn with(self, change: Change) -> Details {
        Details {
            title: change.title.unwrap_or(self.title),
            price: change.price.unwrap_or(self.price),
            category: change.category.unwrap_or(self.category),
            venue: change.venue.unwrap_or(self.venue),
            city: change.city.unwrap_or(self.city),
            country: change.country.unwrap_or(self.country),
            starts_at: change.starts_at.unwrap_or(self.starts_at),
            time_zone: change.time_zone.unwrap_or(self.time_zone),
            section: change.section.unwrap_or(self.section),
            row: change.row.unwrap_or(self.row),
            seat: change.seat.unwrap_or(self.seat),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_in_part_counts_while_the_other_part_is_what_it_was() {
        let price = |text, code: &str| Price::parse(text, code.parse().unwrap()).unwrap();
        let amount_alone = CompletedFrom::Currency(Currency::USD);
        assert!(amount_alone.is_still(price("90", "usd")));
        assert!(!amount_alone.is_still(price("90", "eur")));
        let currency_alone = CompletedFrom::Price(price("90", "usd"));
        assert!(currency_alone.is_still(price("90", "usd")));
        assert!(!currency_alone.is_still(price("91", "usd")));
        assert!(!currency_alone.is_still(price("90", "eur")));
    }
}
