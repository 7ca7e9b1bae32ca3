//! Money: integer minor units inside, a decimal string on the wire. Never a float, at no step.
//!
//! Owns reading and writing amounts, the bounds of a price, and shares of it. Only a share is rounded: an amount that
//! does not fit its currency is refused, and no currency is ever turned into another.

mod amount;
mod counted;
mod currency;
mod fee;
mod price;

pub(crate) use amount::amount_or_number;
pub use amount::{Amount, SignedAmount};
pub use currency::{Currency, CurrencyError};
pub use fee::{FeeRate, Fees};
pub use price::{Price, PriceError};

/// An exact amount of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    minor: i64,
    currency: Currency,
}

/// Why a text is no amount, in words for the person who wrote it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Nothing was written.
    #[error("Write an amount, as in 120.00")]
    Blank,
    /// Signs, spaces, separators, exponents, or anything else that is not digits with at most one point.
    #[error("Write the amount with digits and at most one point, as in 120.00")]
    Malformed,
    /// More digits after the point than the currency has.
    #[error("{} has {} after the point", .0.code(), digits(.0.minor_digits()))]
    TooFine(Currency),
    /// More than fits 64 bits of minor units.
    #[error("The amount is too large")]
    TooLarge,
}

fn digits(count: u32) -> String {
    match count {
        0 => "no digits".to_owned(),
        1 => "at most 1 digit".to_owned(),
        more => format!("at most {more} digits"),
    }
}

impl Money {
    /// `minor` units of `currency`: 12000 of usd are 120.00 dollars.
    #[must_use]
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// The amount in minor units.
    #[must_use]
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The amount as it is written on the wire, always with all minor digits.
    #[must_use]
    pub fn amount(self) -> Amount {
        Amount::of(self)
    }

    /// Reads `120`, `120.5`, `120.50` or, since it is the same amount, `120.500`.
    ///
    /// # Errors
    /// [`MoneyError`] for anything else: never a guess, and never a rounded value.
    pub fn parse(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        if text.trim().is_empty() {
            return Err(MoneyError::Blank);
        }
        let (whole, fraction) = match text.split_once('.') {
            Some((whole, fraction)) => (whole, Some(fraction)),
            None => (text, None),
        };
        if !is_digits(whole) || !fraction.is_none_or(is_digits) {
            return Err(MoneyError::Malformed);
        }
        let minor = to_minor(whole, fraction.unwrap_or_default(), currency)?;
        Ok(Self { minor, currency })
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Both texts hold ASCII digits only.
fn to_minor(whole: &str, fraction: &str, currency: Currency) -> Result<i64, MoneyError> {
    let places = currency.minor_digits() as usize;
    let zeros = fraction.len() - fraction.trim_end_matches('0').len();
    let exact = fraction.len() - zeros.min(fraction.len().saturating_sub(places));
    let fraction = fraction.get(..exact).unwrap_or(fraction);
    if fraction.len() > places {
        return Err(MoneyError::TooFine(currency));
    }
    let padding = std::iter::repeat_n(b'0', places - fraction.len());
    whole
        .bytes()
        .chain(fraction.bytes())
        .chain(padding)
        .try_fold(0_i64, |minor, digit| {
            minor.checked_mul(10)?.checked_add(i64::from(digit - b'0'))
        })
        .ok_or(MoneyError::TooLarge)
}
