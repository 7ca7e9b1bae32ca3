//! How much may happen in one history, and the walks that are made.
//!
//! # Why these bounds
//!
//! Orders meet at two places only: the unique index of orders, and the listing. A second order is what it takes to
//! meet there, and with a third one two of them wait behind a holder, or a buyer comes back. Deadlines and payments
//! are kept for each order by itself. Of attempts to pay it takes two to have one declined and one accepted, or to
//! have none left; of askers two to have an answer recorded twice. One edit and one withdrawal stand for any number:
//! what counts of an edit is whether it comes before or after what the buyer saw. Delays, reordering, repeated
//! deliveries, deaths and lost answers are not bounded at all.

/// How much may happen in one history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// How many orders the first buyer may make.
    pub by_ann: usize,
    /// How many orders the other buyer may make.
    pub by_ben: usize,
    /// How many attempts to pay one order may be declined: `PAYMENT_ATTEMPTS`, one or two.
    pub tries: usize,
    /// How many may ask the gateway about the same attempt at once: one or two.
    pub askers: usize,
    /// Whether the seller may edit the listing, once.
    pub edit: bool,
    /// Whether the seller may withdraw the listing.
    pub withdraw: bool,
    /// Whether the gateway may refuse a capture for good.
    pub refuse_capture: bool,
    /// Whether also those letters come at every possible moment of which nobody else can notice when they come. If
    /// not, they come at once (`Marketplace::unnoticed`), and a walk has hundreds of times fewer states.
    pub every_moment: bool,
}

/// One walk: its name, and its bounds.
pub type Walk = (&'static str, Bounds);

/// One order, and everything else.
const ONE_ORDER: Bounds = Bounds {
    by_ann: 1,
    by_ben: 0,
    tries: 2,
    askers: 2,
    edit: true,
    withdraw: true,
    refuse_capture: true,
    every_moment: true,
};

/// Two orders, and everything else.
const TWO_ORDERS: Bounds = Bounds {
    by_ben: 1,
    every_moment: false,
    ..ONE_ORDER
};

impl Bounds {
    /// The walks of the tests: seconds, also unoptimised.
    pub const SMALL: &[Walk] = &[
        ("one order, each letter at every moment", ONE_ORDER),
        (
            "two orders, one asker",
            Bounds {
                askers: 1,
                ..TWO_ORDERS
            },
        ),
    ];

    /// The walks of `cargo xtask model`: a minute or two.
    pub const FULL: &[Walk] = &[
        ("one order, each letter at every moment", ONE_ORDER),
        ("two orders", TWO_ORDERS),
        (
            "two plain orders, each letter at every moment",
            Bounds {
                tries: 1,
                askers: 1,
                edit: false,
                withdraw: false,
                refuse_capture: false,
                every_moment: true,
                ..TWO_ORDERS
            },
        ),
        (
            "three orders, one attempt each",
            Bounds {
                by_ann: 2,
                tries: 1,
                askers: 1,
                edit: false,
                ..TWO_ORDERS
            },
        ),
    ];
}
