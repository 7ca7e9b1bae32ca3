//! Amounts as Stripe counts them: almost always in the minor units of ISO 4217.
//!
//! The exceptions: <https://docs.stripe.com/currencies#special-cases> and `#zero-decimal`.

use super::{Currency, Money};

/// What ISO 4217 counts in whole units, and Stripe in hundredths.
const IN_HUNDREDTHS: [&str; 2] = ["isk", "ugx"];
/// What ISO 4217 counts in hundredths, and Stripe in whole units.
const IN_WHOLE_UNITS: [&str; 1] = ["mga"];

impl Money {
    /// The amount as Stripe counts it; `None` for what cannot be said there.
    #[must_use]
    pub fn counted_by_stripe(self) -> Option<i64> {
        let (currency, minor) = (self.currency(), self.minor());
        let whole = |of: i64| (minor % of == 0).then_some(minor / of);
        match currency.as_str() {
            code if IN_HUNDREDTHS.contains(&code) => minor.checked_mul(100),
            code if IN_WHOLE_UNITS.contains(&code) => whole(100),
            // The last of three digits has to be a zero.
            _ if currency.minor_digits() == 3 => whole(10).map(|_| minor),
            _ => Some(minor),
        }
    }

    /// The amount that Stripe said.
    #[must_use]
    pub fn from_stripe(amount: i64, currency: Currency) -> Self {
        let minor = match currency.as_str() {
            code if IN_HUNDREDTHS.contains(&code) => amount / 100,
            code if IN_WHOLE_UNITS.contains(&code) => amount.saturating_mul(100),
            _ => amount,
        };
        Self::new(minor, currency)
    }
}
