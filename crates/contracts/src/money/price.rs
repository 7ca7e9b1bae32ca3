//! What a ticket may cost.

use super::{Amount, Currency, Money, MoneyError};

/// An amount that a ticket may be sold for: more than nothing, and at most [`Price::MAX_MINOR`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Price(Money);

/// Why an amount is no price, in words for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PriceError {
    /// It is no amount at all.
    #[error(transparent)]
    Amount(#[from] MoneyError),
    /// It is zero, or less.
    #[error("Price must be greater than 0")]
    NotPositive,
    /// It is above the maximum, which is given.
    #[error("Price must be at most {maximum} {}", .currency.code())]
    TooHigh {
        /// The highest price of that currency.
        maximum: Amount,
        /// The currency.
        currency: Currency,
    },
}

impl Price {
    /// The highest price, in minor units of any currency. Card gateways charge at most eight digits
    /// (<https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>).
    pub const MAX_MINOR: i64 = 99_999_999;

    /// Reads a price as [`Money::parse`] reads an amount.
    ///
    /// # Errors
    /// When it is no amount, zero, or above the maximum.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, PriceError> {
        Self::try_from(Money::parse(text, currency)?)
    }

    /// The price as money.
    #[must_use]
    pub const fn money(self) -> Money {
        self.0
    }

    /// The price in minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.0.minor()
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.0.currency()
    }

    /// The price as it is written on the wire.
    #[must_use]
    pub fn amount(self) -> Amount {
        self.0.amount()
    }
}

impl TryFrom<Money> for Price {
    type Error = PriceError;

    fn try_from(money: Money) -> Result<Self, PriceError> {
        match money.minor() {
            ..=0 => Err(PriceError::NotPositive),
            1..=Self::MAX_MINOR => Ok(Self(money)),
            _ => Err(PriceError::TooHigh {
                maximum: Money::new(Self::MAX_MINOR, money.currency()).amount(),
                currency: money.currency(),
            }),
        }
    }
}

impl From<Price> for Money {
    fn from(price: Price) -> Self {
        price.0
    }
}
