//! What buyers did to one ticket, when, and what they were told: a history. It records, and judges nothing.

use std::fmt::{self, Debug, Display};

/// Microseconds since the round began, by the machine's own clock.
pub type Micros = u64;

/// An order, by its number in the round; its id is told to nobody but its buyer.
pub type Order = u32;

/// One thing that a buyer did, from before its first request to after its last answer.
#[derive(Clone, Debug)]
pub struct Operation {
    pub buyer: usize,
    pub deed: Deed,
    pub begun: Micros,
    /// `None`: nobody knows whether it was done. It may be so at any later time, or never.
    pub answered: Option<Micros>,
}

/// What was done, together with what was answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Deed {
    /// A reservation that made this order. It may expire from `until` on: as its buyer was told, or, where no answer
    /// came, at the earliest.
    Reserve { order: Order, until: Micros },
    /// A reservation that was refused: an unpaid order has the ticket.
    FoundTaken,
    /// A reservation that was refused: the ticket is sold.
    FoundSold,
    /// A cancellation that was done.
    Cancel { order: Order },
    /// A cancellation that was refused: the order is complete.
    CancelledTooLate { order: Order },
    /// A look at an order.
    Look { order: Order, seen: Seen },
    /// A payment, of which no answer is counted: its order completes at a later time, or does not.
    Pay { order: Order },
    /// An answer that there should never be.
    Strange(String),
}

/// How an order was shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Seen {
    Created,
    AwaitingPayment,
    Complete,
    Cancelled,
    Expired,
}

impl Deed {
    /// What nobody should be told. `words` say what was asked for.
    pub fn strange(words: &str, answer: &impl Debug) -> Deed {
        Deed::Strange(format!("{words}: {answer:?}"))
    }
}

impl Operation {
    /// The order that it was about.
    pub fn order(&self) -> Option<Order> {
        match self.deed {
            Deed::Reserve { order, .. }
            | Deed::Cancel { order }
            | Deed::CancelledTooLate { order }
            | Deed::Look { order, .. }
            | Deed::Pay { order } => Some(order),
            Deed::FoundTaken | Deed::FoundSold | Deed::Strange(_) => None,
        }
    }

    /// Whether nobody knows if it was done.
    pub fn is_open(&self) -> bool {
        self.answered.is_none()
    }
}

impl Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let answered = self.answered.map(milliseconds);
        let (begun, answered) = (milliseconds(self.begun), answered.unwrap_or("?".to_owned()));
        let buyer = self.buyer;
        write!(f, "{begun:>11} – {answered:>11}  buyer {buyer}  ")?;
        match &self.deed {
            Deed::Reserve { order, .. } if self.is_open() => {
                write!(f, "reserve  no answer; if done, it is order {order}")
            }
            Deed::Reserve { order, until } => {
                let until = milliseconds(*until);
                write!(f, "reserve  201, order {order} until {until}")
            }
            Deed::FoundTaken => write!(f, "reserve  409, another order has it"),
            Deed::FoundSold => write!(f, "reserve  409, it is sold"),
            Deed::Cancel { order } if self.is_open() => {
                write!(f, "cancel   order {order}: no answer")
            }
            Deed::Cancel { order } => write!(f, "cancel   order {order}: 204"),
            Deed::CancelledTooLate { order } => {
                write!(f, "cancel   order {order}: 409, it is complete")
            }
            Deed::Look { order, seen } => write!(f, "look     order {order}: {seen:?}"),
            Deed::Pay { order } => write!(f, "pay      order {order}: may complete"),
            Deed::Strange(answer) => write!(f, "strange  {answer}"),
        }
    }
}

/// As `12.345`, in milliseconds.
pub fn milliseconds(moment: Micros) -> String {
    format!("{}.{:03}", moment / 1_000, moment % 1_000)
}
