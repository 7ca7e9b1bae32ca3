//! The figures of a run, and whether so much was tried that a fault would have been seen.

use std::fmt::{self, Display};
use std::time::Duration;

use crate::checker::Effort;
use crate::history::{Deed, Operation, Seen};

/// What was done in all rounds.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    pub histories: usize,
    pub operations: usize,
    /// The most of one history.
    pub longest: usize,
    /// Reservations that were answered with an order.
    pub reserved: usize,
    pub refused: usize,
    pub cancelled: usize,
    pub looks: usize,
    /// Looks that found an order expired.
    pub expired: usize,
    /// Payments, each of which may complete its order.
    pub paid: usize,
    /// Refusals since a ticket was sold, or an order complete.
    pub sold: usize,
    /// Of which nobody knows whether they were done; payments are not among them.
    pub unknown: usize,
    /// Requests that got no answer that counts.
    pub unanswered: usize,
    pub kills: usize,
    pub effort: Effort,
    pub checked_in: Duration,
}

impl Figures {
    /// Adds a history that was explained.
    pub fn add(&mut self, history: &[Operation], effort: Effort) {
        self.histories += 1;
        self.operations += history.len();
        self.longest = self.longest.max(history.len());
        for operation in history {
            let is_open = operation.is_open();
            match &operation.deed {
                Deed::Pay { .. } => self.paid += 1,
                _ if is_open => self.unknown += 1,
                Deed::Reserve { .. } => self.reserved += 1,
                Deed::FoundTaken => self.refused += 1,
                Deed::FoundSold | Deed::CancelledTooLate { .. } => self.sold += 1,
                Deed::Cancel { .. } => self.cancelled += 1,
                Deed::Look { seen, .. } => {
                    self.looks += 1;
                    self.expired += usize::from(*seen == Seen::Expired);
                }
                Deed::Strange(_) => {}
            }
        }
        self.effort.worlds += effort.worlds;
        self.effort.most_at_once = self.effort.most_at_once.max(effort.most_at_once);
    }

    /// Fails where buyers hardly met, or nothing went wrong.
    pub fn assert_is_a_load(&self, rounds: usize) {
        let enough = self.operations > 800 * rounds
            && self.refused > 100 * rounds
            && self.reserved > 20 * rounds
            && self.cancelled > 10 * rounds
            && self.unknown > 0
            && self.sold > rounds
            && self.kills > rounds
            && self.expired > 0;
        assert!(enough, "the load was no load: {self}");
    }
}

impl Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let figures = [
            ("histories", self.histories),
            ("operations", self.operations),
            ("in the longest", self.longest),
            ("reserved", self.reserved),
            ("refused", self.refused),
            ("cancelled", self.cancelled),
            ("looks", self.looks),
            ("of them at an expired order", self.expired),
            ("payments", self.paid),
            ("refused since sold", self.sold),
            ("of unknown outcome", self.unknown),
            ("requests without an answer", self.unanswered),
            ("kills", self.kills),
            ("worlds looked at", self.effort.worlds),
            ("most at once", self.effort.most_at_once),
        ];
        for (name, number) in figures {
            write!(f, "{name} {number}, ")?;
        }
        write!(f, "checked in {:.0?}", self.checked_in)
    }
}
