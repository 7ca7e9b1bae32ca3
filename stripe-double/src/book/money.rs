//! Amounts in the smallest unit of their currency, and what Stripe takes and takes away of them.

use super::refusal::{Refusal, Refused};

/// Eight digits, as documented for `amount`.
const MOST: u64 = 99_999_999;
/// The least amounts (<https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts>). Stripe knows more
/// currencies; for those that are not here the double takes any amount.
const LEAST: &[(&str, u64)] = &[
    ("aud", 50),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("czk", 1500),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17500),
    ("inr", 50),
    ("jpy", 50),
    ("mxn", 1000),
    ("nok", 300),
    ("nzd", 50),
    ("pln", 200),
    ("sek", 300),
    ("sgd", 50),
    ("usd", 50),
];

/// An amount that can be charged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Price {
    pub(crate) amount: u64,
    /// Three small letters.
    pub(crate) currency: String,
}

impl Price {
    pub(crate) fn parse(amount: u64, currency: &str) -> Result<Price, Refused> {
        let currency = currency.to_ascii_lowercase();
        if currency.len() != 3 || !currency.bytes().all(|letter| letter.is_ascii_lowercase()) {
            let message = format!("Invalid currency: {currency}.");
            return Err(Refusal::parameter(None, "currency", message));
        }
        let least = LEAST.iter().find(|(known, _)| *known == currency);
        let least = least.map_or(1, |(_, least)| *least);
        if amount < least {
            let message = format!("Amount must be at least {least} in {currency}.");
            return Err(Refusal::parameter(
                Some("amount_too_small"),
                "amount",
                message,
            ));
        }
        if amount > MOST {
            let message = format!("Amount must be no more than {MOST}.");
            return Err(Refusal::parameter(
                Some("amount_too_large"),
                "amount",
                message,
            ));
        }
        Ok(Price { amount, currency })
    }
}

/// What a charge costs: 2.9 % and 30 of the smallest unit, rounded half up.
pub(crate) fn fee(amount: u64) -> u64 {
    (amount * 29 + 500) / 1000 + 30
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fee_is_rounded_half_up() {
        assert_eq!(fee(10_000), 320);
        assert_eq!(fee(500), 45); // 14.5
        assert_eq!(fee(499), 44); // 14.47
    }

    #[test]
    fn amounts_have_their_limits() {
        assert!(Price::parse(50, "USD").is_ok_and(|price| price.currency == "usd"));
        assert!(Price::parse(49, "usd").is_err());
        assert!(Price::parse(1, "isk").is_ok());
        assert!(Price::parse(100_000_000, "usd").is_err());
        assert!(Price::parse(100, "dollars").is_err());
    }
}
