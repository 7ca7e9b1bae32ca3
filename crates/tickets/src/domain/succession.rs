//! Who gets a ticket that its holder gives back.

use tessera_contracts::{OrderId, RefusalReason};

use super::{Then, Ticket};

/// An order that waits behind the holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub order_id: OrderId,
    /// The version of the listing that its buyer saw.
    pub seen: i64,
}

/// What becomes of the ticket, and which of those that wait get nothing. The others wait on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Succession {
    pub then: Then,
    pub refused: Vec<(OrderId, RefusalReason)>,
}

/// Decides it. Of those that wait, the newest gets the ticket: orders lets one order of a ticket
/// live at a time, so the older ones have ended, and the news of it is on its way.
pub fn succession(ticket: &Ticket, seller_is_gone: bool, waiting: &[Waiting]) -> Succession {
    let refuse = |waiting: Vec<&Waiting>, reason| {
        let refusal = |one: &Waiting| (one.order_id, reason);
        waiting.into_iter().map(refusal).collect()
    };
    if seller_is_gone {
        return Succession {
            then: Then::Withdraw,
            refused: refuse(waiting.iter().collect(), RefusalReason::Withdrawn),
        };
    }
    let is_fresh = |one: &&Waiting| ticket.is_unchanged_since(one.seen);
    let (fresh, stale): (Vec<&Waiting>, Vec<&Waiting>) = waiting.iter().partition(is_fresh);
    let newest = fresh.iter().map(|one| one.order_id).max();
    Succession {
        then: newest.map_or(Then::Free, Then::Lock),
        refused: refuse(stale, RefusalReason::Changed),
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use tessera_contracts::{Currency, Price};
    use uuid::Uuid;

    use super::*;
    use crate::domain::{Details, Title};

    fn order(n: u128) -> OrderId {
        Uuid::from_u128(n).into()
    }

    fn waiting(orders: &[(u128, i64)]) -> Vec<Waiting> {
        let one = |&(n, seen)| Waiting {
            order_id: order(n),
            seen,
        };
        orders.iter().map(one).collect()
    }

    fn decide(
        seller_is_gone: bool,
        orders: &[(u128, i64)],
    ) -> (Then, Vec<(OrderId, RefusalReason)>) {
        let price = Price::parse("1", Currency::USD).unwrap();
        let details = Details::bare(Title::parse("Hamlet").unwrap(), price);
        let (id, now) = (Uuid::nil(), Timestamp::UNIX_EPOCH);
        let ticket = Ticket {
            edit_version: 3,
            ..Ticket::list(id.into(), id.into(), details, now)
        };
        let decided = succession(&ticket, seller_is_gone, &waiting(orders));
        (decided.then, decided.refused)
    }

    #[test]
    fn nobody_waits() {
        assert_eq!(decide(false, &[]), (Then::Free, vec![]));
        assert_eq!(decide(true, &[]), (Then::Withdraw, vec![]));
    }

    #[test]
    fn the_newest_that_saw_the_listing_as_it_is_gets_it() {
        let changed = |n| (order(n), RefusalReason::Changed);
        assert_eq!(decide(false, &[(1, 3), (2, 4)]).0, Then::Lock(order(2)));
        let (then, refused) = decide(false, &[(4, 2), (3, 3), (2, 1), (1, 3)]);
        assert_eq!(then, Then::Lock(order(3)));
        assert_eq!(refused, [changed(4), changed(2)]);
        assert_eq!(decide(false, &[(1, 2)]), (Then::Free, vec![changed(1)]));
    }

    #[test]
    fn a_seller_who_is_gone_sells_to_nobody() {
        let withdrawn = |n| (order(n), RefusalReason::Withdrawn);
        let expected = (Then::Withdraw, vec![withdrawn(2), withdrawn(1)]);
        assert_eq!(decide(true, &[(2, 3), (1, 1)]), expected);
    }
}
