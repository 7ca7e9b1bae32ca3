//! What the marketplace takes of a sale: a share of the price.

use std::fmt;

use super::{Money, Price};

/// A share in basis points, hundredths of a percent: 250 of them are 2.5 %.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FeeRate(u16);

/// What the marketplace takes of a sale.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Fees {
    /// On top of the price, from the buyer.
    pub buyer: FeeRate,
    /// Of the price, from the seller.
    pub seller: FeeRate,
}

impl FeeRate {
    /// Nothing at all.
    pub const NONE: Self = Self(0);

    /// The largest: half of the price.
    pub const MAX_BASIS_POINTS: u16 = 5_000;

    const WHOLE: i64 = 10_000;

    /// A share of `basis_points`; `None` above [`FeeRate::MAX_BASIS_POINTS`].
    #[must_use]
    pub const fn new(basis_points: u16) -> Option<Self> {
        if basis_points <= Self::MAX_BASIS_POINTS {
            Some(Self(basis_points))
        } else {
            None
        }
    }

    /// Whether it is nothing.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.0 == 0
    }

    /// The share of `amount`, rounded to the nearest minor unit, and a half of one up.
    #[must_use]
    pub const fn of(self, amount: Money) -> Money {
        Money::new(self.of_minor(amount.minor()), amount.currency())
    }

    /// `price`, and the share of it on top: what a buyer pays.
    #[must_use]
    pub const fn on_top_of(self, price: Money) -> Money {
        let minor = price.minor();
        Money::new(minor.saturating_add(self.of_minor(minor)), price.currency())
    }

    /// The highest price, in minor units, with which a buyer pays at most `most` of them.
    #[must_use]
    pub const fn highest_price(self, most: i64) -> i64 {
        // What rounding adds or takes is less than one unit: the first guess is off by one at most.
        let whole = Self::WHOLE as i128;
        let guess = ((most as i128) * whole / (whole + self.0 as i128)) as i64;
        let mut price = guess.saturating_add(1);
        while price > 0 && price.saturating_add(self.of_minor(price)) > most {
            price -= 1;
        }
        price
    }

    /// The lowest price, in minor units, with which a buyer pays at least `least` of them.
    #[must_use]
    pub const fn lowest_price(self, least: i64) -> i64 {
        self.highest_price(least.saturating_sub(1))
            .saturating_add(1)
    }

    /// Whether what a buyer pays for it is an amount that can be charged.
    #[must_use]
    pub const fn allows(self, price: Price) -> bool {
        self.on_top_of(price.money()).minor() <= Price::MAX_MINOR
    }

    const fn of_minor(self, minor: i64) -> i64 {
        let share = (minor as i128) * (self.0 as i128) + (Self::WHOLE as i128) / 2;
        // At most half of what fits already.
        share.div_euclid(Self::WHOLE as i128) as i64
    }
}

impl fmt::Display for FeeRate {
    /// `2.5 %`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (percent, hundredths) = (self.0 / 100, self.0 % 100);
        match (hundredths, hundredths % 10) {
            (0, _) => write!(f, "{percent} %"),
            (_, 0) => write!(f, "{percent}.{} %", hundredths / 10),
            _ => write!(f, "{percent}.{hundredths:02} %"),
        }
    }
}
