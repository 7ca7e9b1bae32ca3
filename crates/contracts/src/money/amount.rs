//! Amounts as they are written on the wire.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::{Object, OneOf, Ref, RefOr, Schema, Type};

use super::{Currency, Money, MoneyError};

/// A decimal string with the currency's minor digits: `"120.00"` of usd, `"120"` of jpy.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = r"^[0-9]+(\.[0-9]+)?$", example = "120.00")]
// Kept as it came: it can be read only once the currency is known.
pub struct Amount(String);

impl Amount {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The amount in minor units of `currency`.
    ///
    /// # Errors
    /// As [`Money::parse`].
    pub fn money(&self, currency: Currency) -> Result<Money, MoneyError> {
        Money::parse(&self.0, currency)
    }

    pub(super) fn of(money: Money) -> Self {
        let digits = money.currency().minor_digits() as usize;
        let sign = if money.minor() < 0 { "-" } else { "" };
        let unit = 10_u64.saturating_pow(money.currency().minor_digits());
        let minor = money.minor().unsigned_abs();
        let whole = minor / unit;
        if digits == 0 {
            return Self(format!("{sign}{whole}"));
        }
        Self(format!("{sign}{whole}.{:0digits$}", minor % unit))
    }
}

impl From<&str> for Amount {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl From<String> for Amount {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// An amount that may be below zero: `"-12.50"` of usd.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = r"^-?[0-9]+(\.[0-9]+)?$", example = "-12.50")]
pub struct SignedAmount(String);

impl SignedAmount {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is below zero.
    #[must_use]
    pub fn is_negative(&self) -> bool {
        self.0.starts_with('-')
    }

    /// The amount without its sign.
    #[must_use]
    pub fn magnitude(&self) -> Amount {
        Amount(self.0.trim_start_matches('-').to_owned())
    }
}

impl From<Money> for SignedAmount {
    fn from(money: Money) -> Self {
        Self(Amount::of(money).0)
    }
}

/// What servers take where a request names an amount: the string, or a JSON number, read by its digits.
pub(crate) fn amount_or_number() -> RefOr<Schema> {
    let text = Ref::from_schema_name(Amount::name());
    let number = Object::builder().schema_type(Type::Number).minimum(Some(0));
    OneOf::builder()
        .description(Some(
            "An amount as a decimal string, or as a JSON number that is read by its digits.",
        ))
        .item(text)
        .item(number)
        .into()
}
