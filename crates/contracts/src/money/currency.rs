//! Currencies by their ISO 4217 code, written in lower case on the wire.

use std::fmt;
use std::str::FromStr;

use serde::de::{self, Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use utoipa::openapi::{Object, RefOr, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

/// A currency that people pay with: `usd`, `eur`, `jpy`.
///
/// Funds, metals, test codes and superseded currencies are none.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency {
    /// Lower-case ASCII letters.
    code: [u8; 3],
    minor_digits: u8,
}

/// The text is not the code of a currency in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Give the currency by its three letters, as in usd")]
pub struct CurrencyError;

impl Currency {
    /// The US dollar: what is meant when a request names none.
    pub const USD: Self = Self {
        code: *b"usd",
        minor_digits: 2,
    };

    /// The code in lower case, as on the wire and in databases.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // ASCII by construction, so the default is never used.
        std::str::from_utf8(&self.code).unwrap_or_default()
    }

    /// The code in upper case, as people write it.
    #[must_use]
    pub fn code(self) -> String {
        self.as_str().to_ascii_uppercase()
    }

    /// How many digits after the point: 2 for usd, 0 for jpy, 3 for kwd.
    #[must_use]
    pub fn minor_digits(self) -> u32 {
        u32::from(self.minor_digits)
    }
}

impl FromStr for Currency {
    type Err = CurrencyError;

    /// Reads a code in either case.
    fn from_str(text: &str) -> Result<Self, CurrencyError> {
        let iso =
            iso_currency::Currency::from_code(&text.to_ascii_uppercase()).ok_or(CurrencyError)?;
        if iso.is_fund() || iso.is_special() || iso.is_superseded().is_some() {
            return Err(CurrencyError);
        }
        let minor_digits = iso.exponent().and_then(|digits| u8::try_from(digits).ok());
        let code = <[u8; 3]>::try_from(iso.code().as_bytes()).map_err(|_| CurrencyError)?;
        Ok(Self {
            code: code.map(|letter| letter.to_ascii_lowercase()),
            minor_digits: minor_digits.ok_or(CurrencyError)?,
        })
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Code;
        impl Visitor<'_> for Code {
            type Value = Currency;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a currency code")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Currency, E> {
                text.parse().map_err(E::custom)
            }
        }
        deserializer.deserialize_str(Code)
    }
}

impl PartialSchema for Currency {
    fn schema() -> RefOr<Schema> {
        Object::builder()
            .schema_type(Type::String)
            .description(Some("A currency by its ISO 4217 code, in lower case."))
            .pattern(Some("^[a-z]{3}$"))
            .examples(["usd"])
            .into()
    }
}

impl ToSchema for Currency {}
