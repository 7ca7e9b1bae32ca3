//! A listing and its life: free, held by an order, sold to it, or withdrawn.

use jiff::Timestamp;
use tessera_contracts::{CancelReason, OrderId, TicketId, TicketStatus, UserId};

use super::{Change, Details};

/// One ticket that a seller offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ticket {
    /// Drawn by whoever asks for the listing.
    pub id: TicketId,
    /// 1 when it is listed, and one more with every change; every save is guarded by it.
    pub version: i64,
    /// The version that the last edit made; being listed is the first. Locks do not move it.
    pub edit_version: i64,
    /// The seller.
    pub user_id: UserId,
    /// Where it stands.
    pub state: State,
    /// What the seller says of it.
    pub details: Details,
    /// When it was listed.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// Where a listing stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It is free.
    Available,
    /// This order holds it, and nobody else gets it meanwhile.
    Reserved(OrderId),
    /// This order is paid.
    Sold(OrderId),
    /// Taken off the market, for good.
    Withdrawn,
}

/// A change that is not one of this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a ticket that is {} does not change that way", .0.status())]
pub struct Refused(pub State);

/// Why an order does not get the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoLock {
    /// The listing was edited after the version that the buyer saw.
    Changed,
    /// It was withdrawn.
    Withdrawn,
    /// An order has it already: another one, or this very one.
    Held(OrderId),
}

/// What becomes of a listing that its holder gives back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// It is free.
    Free,
    /// This order, which waited for it, holds it from now on.
    Lock(OrderId),
    /// It leaves the market with its seller.
    Withdraw,
}

impl State {
    /// Its word on the wire.
    pub fn status(self) -> TicketStatus {
        match self {
            State::Available => TicketStatus::Available,
            State::Reserved(_) => TicketStatus::Reserved,
            State::Sold(_) => TicketStatus::Sold,
            State::Withdrawn => TicketStatus::Withdrawn,
        }
    }

    /// The order that holds it or bought it.
    pub fn order_id(self) -> Option<OrderId> {
        match self {
            State::Reserved(order) | State::Sold(order) => Some(order),
            State::Available | State::Withdrawn => None,
        }
    }
}

impl Ticket {
    /// A new listing.
    pub fn list(id: TicketId, user_id: UserId, details: Details, now: Timestamp) -> Ticket {
        Ticket {
            id,
            version: 1,
            edit_version: 1,
            user_id,
            state: State::Available,
            details,
            created_at: now,
            updated_at: now,
        }
    }

    /// The seller changes what they say of it. A change that changes nothing makes no version.
    pub fn edit(self, change: Change, now: Timestamp) -> Result<Ticket, Refused> {
        if self.state != State::Available {
            return Err(Refused(self.state));
        }
        let details = self.details.clone().with(change);
        if details == self.details {
            return Ok(self);
        }
        let ticket = self.changed(State::Available, now);
        Ok(Ticket {
            details,
            edit_version: ticket.version,
            ..ticket
        })
    }

    /// The seller takes it off the market.
    pub fn withdraw(self, now: Timestamp) -> Result<Ticket, Refused> {
        match self.state {
            State::Available => Ok(self.changed(State::Withdrawn, now)),
            other => Err(Refused(other)),
        }
    }

    /// An order, whose buyer saw the listing at version `seen`, gets hold of it.
    pub fn lock(self, order: OrderId, seen: i64, now: Timestamp) -> Result<Ticket, NoLock> {
        match self.state {
            State::Available if self.is_unchanged_since(seen) => {
                Ok(self.changed(State::Reserved(order), now))
            }
            State::Available => Err(NoLock::Changed),
            State::Reserved(holder) | State::Sold(holder) => Err(NoLock::Held(holder)),
            State::Withdrawn => Err(NoLock::Withdrawn),
        }
    }

    /// The order that holds it is paid.
    pub fn sell(self, order: OrderId, now: Timestamp) -> Result<Ticket, Refused> {
        match self.state {
            State::Reserved(holder) if holder == order => Ok(self.changed(State::Sold(order), now)),
            other => Err(Refused(other)),
        }
    }

    /// The order that holds it ends without it. A sold one comes back only when the money could
    /// not be captured.
    pub fn release(
        self,
        order: OrderId,
        reason: Option<CancelReason>,
        then: Then,
        now: Timestamp,
    ) -> Result<Ticket, Refused> {
        let gives_back = match self.state {
            State::Reserved(holder) => holder == order,
            State::Sold(holder) => holder == order && reason == Some(CancelReason::CaptureFailed),
            State::Available | State::Withdrawn => false,
        };
        if !gives_back {
            return Err(Refused(self.state));
        }
        let state = match then {
            Then::Free => State::Available,
            Then::Lock(next) => State::Reserved(next),
            Then::Withdraw => State::Withdrawn,
        };
        Ok(self.changed(state, now))
    }

    /// Whether the listing reads as it did at version `seen`. Another order's lock and release in
    /// between are no change.
    pub fn is_unchanged_since(&self, seen: i64) -> bool {
        self.edit_version <= seen
    }

    /// Whether it is on the market at `now`: for sale, or held by an order that may yet let it go.
    pub fn is_listed(&self, now: Timestamp) -> bool {
        let may_be_sold = matches!(self.state, State::Available | State::Reserved(_));
        may_be_sold && self.details.starts_at.is_none_or(|start| start > now)
    }

    fn changed(self, state: State, now: Timestamp) -> Ticket {
        Ticket {
            version: self.version + 1,
            state,
            updated_at: now,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use tessera_contracts::{Currency, Price};

    use super::*;
    use crate::domain::{Label, Title};

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn order(n: u128) -> OrderId {
        uuid::Uuid::from_u128(n).into()
    }

    fn states() -> [State; 4] {
        [
            State::Available,
            State::Reserved(order(1)),
            State::Sold(order(1)),
            State::Withdrawn,
        ]
    }

    /// Edited last at version 3, locked and released since.
    fn ticket(state: State) -> Ticket {
        let price = Price::parse("120", Currency::USD).unwrap();
        let details = Details::bare(Title::parse("Hamlet").unwrap(), price);
        let id = uuid::Uuid::from_u128(7);
        Ticket {
            version: 5,
            edit_version: 3,
            state,
            ..Ticket::list(id.into(), id.into(), details, NOW)
        }
    }

    fn louder() -> Change {
        Change {
            title: Some(Title::parse("HAMLET").unwrap()),
            ..Change::default()
        }
    }

    #[test]
    fn only_a_free_listing_is_edited_or_withdrawn() {
        for state in states() {
            let free = state == State::Available;
            assert_eq!(ticket(state).edit(louder(), NOW).is_ok(), free, "{state:?}");
            assert_eq!(ticket(state).withdraw(NOW).is_ok(), free, "{state:?}");
        }
    }

    #[test]
    fn an_edit_moves_both_versions_and_nothing_else_moves_the_edit_version() {
        let now: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let edited = ticket(State::Available).edit(louder(), now).unwrap();
        assert_eq!((edited.version, edited.edit_version), (6, 6));
        assert_eq!((edited.updated_at, edited.created_at), (now, NOW));
        let locked = ticket(State::Available).lock(order(1), 5, now).unwrap();
        assert_eq!((locked.version, locked.edit_version), (6, 3));
    }

    #[test]
    fn an_edit_that_changes_nothing_makes_no_version() {
        let same = Change {
            title: Some(Title::parse("Hamlet").unwrap()),
            venue: Some(None),
            ..Change::default()
        };
        let now = "2030-01-01T00:00:00Z".parse().unwrap();
        let edited = ticket(State::Available).edit(same, now).unwrap();
        assert_eq!(edited, ticket(State::Available));
    }

    #[test]
    fn a_field_is_kept_set_or_cleared() {
        let change = |city| Change {
            city,
            ..Change::default()
        };
        let vienna = Label::parse("Wien").unwrap();
        let listed = ticket(State::Available);
        let listed = listed
            .edit(change(Some(Some(vienna.clone()))), NOW)
            .unwrap();
        assert_eq!(listed.details.city, Some(vienna.clone()));
        let listed = listed.edit(change(None), NOW).unwrap();
        assert_eq!(listed.details.city, Some(vienna));
        let listed = listed.edit(change(Some(None)), NOW).unwrap();
        assert_eq!(listed.details.city, None);
    }

    #[test]
    fn a_lock_is_given_on_a_free_listing_not_edited_since() {
        let lock = |state, seen| ticket(state).lock(order(2), seen, NOW).map(|t| t.state);
        // Version 3 is the last edit; 4 and 5 were a lock and a release.
        for seen in [3, 4, 5, 9] {
            assert_eq!(lock(State::Available, seen), Ok(State::Reserved(order(2))));
        }
        assert_eq!(lock(State::Available, 2), Err(NoLock::Changed));
        assert_eq!(lock(State::Withdrawn, 5), Err(NoLock::Withdrawn));
        let held = Err(NoLock::Held(order(1)));
        assert_eq!(lock(State::Reserved(order(1)), 5), held);
        assert_eq!(lock(State::Sold(order(1)), 5), held);
    }

    #[test]
    fn only_the_holder_buys() {
        for state in states() {
            let holds = state == State::Reserved(order(1));
            assert_eq!(
                ticket(state).sell(order(1), NOW).is_ok(),
                holds,
                "{state:?}"
            );
            assert!(ticket(state).sell(order(2), NOW).is_err(), "{state:?}");
        }
    }

    #[test]
    fn only_the_holder_gives_back_and_a_buyer_only_without_a_capture() {
        for state in states() {
            for reason in CancelReason::ALL {
                let release = |by| ticket(state).release(by, Some(*reason), Then::Free, NOW);
                let allowed = match state {
                    State::Reserved(_) => true,
                    State::Sold(_) => *reason == CancelReason::CaptureFailed,
                    State::Available | State::Withdrawn => false,
                };
                assert_eq!(release(order(1)).is_ok(), allowed, "{state:?} {reason}");
                assert!(release(order(2)).is_err(), "{state:?} {reason}");
            }
        }
    }

    #[test]
    fn a_release_is_one_version_whatever_follows() {
        let release = |then| {
            let held = ticket(State::Reserved(order(1)));
            let ticket = held.release(order(1), None, then, NOW).unwrap();
            (ticket.state, ticket.version)
        };
        assert_eq!(release(Then::Free), (State::Available, 6));
        assert_eq!(release(Then::Withdraw), (State::Withdrawn, 6));
        let handed_over = (State::Reserved(order(2)), 6);
        assert_eq!(release(Then::Lock(order(2))), handed_over);
    }

    #[test]
    fn a_listing_is_on_the_market_until_it_is_sold_withdrawn_or_over() {
        for state in states() {
            let listed = matches!(state, State::Available | State::Reserved(_));
            assert_eq!(ticket(state).is_listed(NOW), listed, "{state:?}");
            let mut over = ticket(state);
            over.details.starts_at = Some(NOW);
            assert!(!over.is_listed(NOW), "{state:?}");
        }
    }
}
