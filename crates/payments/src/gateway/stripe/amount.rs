//! Amounts as Stripe writes them: almost always in the minor units of ISO 4217.
//!
//! The exceptions: <https://docs.stripe.com/currencies#special-cases> and `#zero-decimal`.

use tessera_contracts::{Currency, Money};

/// What ISO 4217 counts in whole units, and Stripe in hundredths.
const IN_HUNDREDTHS: [&str; 2] = ["isk", "ugx"];
/// What ISO 4217 counts in hundredths, and Stripe in whole units.
const IN_WHOLE_UNITS: [&str; 1] = ["mga"];

/// The amount for Stripe, unless it cannot be said there.
pub(super) fn to_stripe(money: Money) -> Result<i64, String> {
    let (currency, minor) = (money.currency(), money.minor());
    let code = currency.as_str();
    if IN_HUNDREDTHS.contains(&code) {
        return minor.checked_mul(100).ok_or_else(|| "too much".to_owned());
    }
    if IN_WHOLE_UNITS.contains(&code) {
        return whole(minor, 100).ok_or_else(|| format!("{code} is charged in whole units"));
    }
    if currency.minor_digits() == 3 && whole(minor, 10).is_none() {
        return Err(format!("the last digit of an amount in {code} must be 0"));
    }
    Ok(minor)
}

/// The amount that Stripe said.
pub(super) fn from_stripe(amount: i64, currency: Currency) -> Money {
    let code = currency.as_str();
    let minor = if IN_HUNDREDTHS.contains(&code) {
        amount / 100
    } else if IN_WHOLE_UNITS.contains(&code) {
        amount.saturating_mul(100)
    } else {
        amount
    };
    Money::new(minor, currency)
}

fn whole(minor: i64, of: i64) -> Option<i64> {
    (minor % of == 0).then_some(minor / of)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(minor: i64, code: &str) -> Money {
        Money::new(minor, code.parse().unwrap())
    }

    #[test]
    fn most_are_in_minor_units() {
        for (money, amount) in [
            (money(12_000, "usd"), 12_000),
            (money(500, "jpy"), 500),
            (money(500, "isk"), 50_000),
            (money(500, "ugx"), 50_000),
            (money(50_000, "mga"), 500),
            (money(5_120, "kwd"), 5_120),
        ] {
            assert_eq!(to_stripe(money), Ok(amount), "{money:?}");
            assert_eq!(from_stripe(amount, money.currency()), money);
        }
    }

    #[test]
    fn what_stripe_cannot_say_is_refused() {
        for money in [
            money(5_124, "kwd"),
            money(50_001, "mga"),
            money(i64::MAX, "isk"),
        ] {
            assert!(to_stripe(money).is_err(), "{money:?}");
        }
    }
}
