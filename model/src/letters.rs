//! What travels: each event, on its way to each service that follows it, and the two sets that make it
//! arrive exactly once.
//!
//! An outbox and an inbox are sets of letters here. What an event says is not in them: orders and tickets
//! keep it, and it never changes.

use crate::names::{Id, Try};

/// How many versions of the listing have room; no bounds come near it.
pub const VERSIONS: u8 = 16;

/// What each order has: the letters about it.
const OF_AN_ORDER: u8 = 16;

/// A service, as the receiver of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Service {
    /// Owns the listing.
    Tickets,
    /// Owns the orders.
    Orders,
    /// Owns the deadlines.
    Expiration,
    /// Owns the payments.
    Payments,
}

/// Why no payment of an order will succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The last attempt was declined.
    Declined,
    /// The capture was refused for good.
    CaptureFailed,
}

/// An event, named as on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// `ticket:updated`, of this version.
    TicketUpdated(u8),
    /// `ticket:refused`.
    TicketRefused(Id),
    /// `order:created`.
    OrderCreated(Id),
    /// `order:updated`: it awaits payment.
    OrderUpdated(Id),
    /// `order:completed`.
    OrderCompleted(Id),
    /// `order:cancelled`.
    OrderCancelled(Id),
    /// `expiration:complete`.
    ExpirationComplete(Id),
    /// `payment:created`.
    PaymentCreated(Id, Try),
    /// `payment:failed`.
    PaymentFailed(Id, Failure),
}

/// An event on its way to one of the services that follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Letter {
    /// What it tells.
    pub event: Event,
    /// Whom.
    pub to: Service,
}

impl Event {
    /// Who follows it, as the `event_types` of their consumers say.
    pub fn followers(self) -> &'static [Service] {
        use Service::{Expiration, Orders, Payments, Tickets};
        match self {
            Event::OrderCreated(_) | Event::OrderCompleted(_) | Event::OrderCancelled(_) => {
                &[Tickets, Expiration, Payments]
            }
            Event::OrderUpdated(_) => &[Payments],
            Event::TicketUpdated(_)
            | Event::TicketRefused(_)
            | Event::ExpirationComplete(_)
            | Event::PaymentCreated(..)
            | Event::PaymentFailed(..) => &[Orders],
        }
    }
}

impl Letter {
    /// Its place in a set.
    fn place(self) -> u8 {
        let follower = match self.to {
            Service::Tickets | Service::Orders => 0,
            Service::Expiration => 1,
            Service::Payments => 2,
        };
        let (id, place) = match self.event {
            Event::TicketUpdated(version) => return version.min(VERSIONS - 1),
            Event::OrderCreated(id) => (id, follower),
            Event::OrderUpdated(id) => (id, 3),
            Event::OrderCompleted(id) => (id, 4 + follower),
            Event::OrderCancelled(id) => (id, 7 + follower),
            Event::TicketRefused(id) => (id, 10),
            Event::ExpirationComplete(id) => (id, 11),
            Event::PaymentCreated(id, Try::P1) => (id, 12),
            Event::PaymentCreated(id, Try::P2) => (id, 13),
            Event::PaymentFailed(id, Failure::Declined) => (id, 14),
            Event::PaymentFailed(id, Failure::CaptureFailed) => (id, 15),
        };
        before(id) + place
    }

    /// What stands at a place.
    fn at(place: u8) -> Letter {
        let Some(place) = place.checked_sub(VERSIONS) else {
            return Letter {
                event: Event::TicketUpdated(place),
                to: Service::Orders,
            };
        };
        let id = match place / OF_AN_ORDER {
            0 => Id::O1,
            1 => Id::O2,
            _ => Id::O3,
        };
        let (event, follower) = match place % OF_AN_ORDER {
            at @ 0..=2 => (Event::OrderCreated(id), at),
            3 => (Event::OrderUpdated(id), 2),
            at @ 4..=6 => (Event::OrderCompleted(id), at - 4),
            at @ 7..=9 => (Event::OrderCancelled(id), at - 7),
            10 => (Event::TicketRefused(id), 3),
            11 => (Event::ExpirationComplete(id), 3),
            12 => (Event::PaymentCreated(id, Try::P1), 3),
            13 => (Event::PaymentCreated(id, Try::P2), 3),
            14 => (Event::PaymentFailed(id, Failure::Declined), 3),
            _ => (Event::PaymentFailed(id, Failure::CaptureFailed), 3),
        };
        let to = match follower {
            0 => Service::Tickets,
            1 => Service::Expiration,
            2 => Service::Payments,
            _ => Service::Orders,
        };
        Letter { event, to }
    }
}

/// The first place of the letters about an order.
fn before(id: Id) -> u8 {
    let orders = match id {
        Id::O1 => 0,
        Id::O2 => 1,
        Id::O3 => 2,
    };
    VERSIONS + orders * OF_AN_ORDER
}

/// A set of letters: all outboxes, or all inboxes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Letters(u64);

impl Letters {
    /// Adds an event, once for each of its followers.
    pub fn append(&mut self, event: Event) {
        for to in event.followers() {
            self.insert(Letter { event, to: *to });
        }
    }

    /// Adds one letter.
    pub fn insert(&mut self, letter: Letter) {
        self.0 |= 1 << letter.place();
    }

    /// Whether it is among them.
    pub fn contains(self, letter: Letter) -> bool {
        self.0 & (1 << letter.place()) != 0
    }

    /// Whether an event is among them, for any of its followers.
    pub fn has(self, event: Event) -> bool {
        let mut followers = event.followers().iter();
        followers.any(|to| self.contains(Letter { event, to: *to }))
    }

    /// Whether there is one about an order, but for what tickets say of it.
    pub fn is_about(self, id: Id) -> bool {
        let all: u64 = (1 << OF_AN_ORDER) - 1;
        self.0 & (all << before(id)) != 0
    }

    /// Those that are not among the others.
    #[must_use]
    pub fn without(self, others: Letters) -> Letters {
        Letters(self.0 & !others.0)
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// How many they are.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }

    /// One after the other, always in the same order.
    pub fn each(self) -> impl Iterator<Item = Letter> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let place = u8::try_from(rest.trailing_zeros()).ok()?;
            rest &= rest.checked_sub(1)?;
            Some(Letter::at(place))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_has_its_own_letter() {
        let all = Letters(u64::MAX);
        assert_eq!(all.each().count(), 64);
        let mut again = Letters::default();
        all.each().for_each(|letter| {
            assert!(letter.event.followers().contains(&letter.to), "{letter:?}");
            again.insert(letter);
        });
        assert_eq!(again, all);
    }
}
