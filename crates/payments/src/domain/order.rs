//! An order as payments knows it, and whether it may be paid.

use jiff::Timestamp;
use tessera_contracts::{Money, OrderId, OrderStatus, UserId};

/// An order, copied from the events of orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The order.
    pub id: OrderId,
    /// As orders counts it: older news than this is ignored.
    pub version: i64,
    /// The buyer, who alone may pay it.
    pub user_id: UserId,
    /// Where it stands.
    pub status: OrderStatus,
    /// From this moment on no new attempt is taken.
    pub expires_at: Timestamp,
    /// What is to be paid.
    pub total: Money,
    /// Who gets what of it. Not known of orders that were made before payments kept books.
    pub terms: Option<Terms>,
    /// How many attempts to pay it were declined. Counted here, and known to nobody else.
    pub declined: u32,
}

/// Who sells, and what of the total is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// The seller.
    pub seller: UserId,
    /// What is sold, as its seller named it.
    pub title: String,
    /// What the seller asked.
    pub price: Money,
    /// What the marketplace keeps of that.
    pub seller_fee: Money,
}

/// Why an order cannot be paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unpayable {
    /// Whoever asks is not its buyer.
    NotYours,
    /// Its ticket is not locked yet: that comes in a moment.
    NotReady,
    /// Its time is over.
    Expired,
    /// It ended without the ticket.
    Cancelled,
    /// It is paid.
    Complete,
    /// All attempts were declined.
    NoAttemptsLeft,
}

impl Order {
    /// Whether `user` may try to pay it at `now`, with `attempts` as the most that may be declined.
    pub fn payable(&self, user: UserId, attempts: u32, now: Timestamp) -> Result<(), Unpayable> {
        if self.user_id != user {
            return Err(Unpayable::NotYours);
        }
        match self.status {
            OrderStatus::Cancelled => Err(Unpayable::Cancelled),
            OrderStatus::Complete => Err(Unpayable::Complete),
            OrderStatus::Created | OrderStatus::AwaitingPayment if self.expires_at <= now => {
                Err(Unpayable::Expired)
            }
            OrderStatus::Created => Err(Unpayable::NotReady),
            OrderStatus::AwaitingPayment if self.attempts_left(attempts) == 0 => {
                Err(Unpayable::NoAttemptsLeft)
            }
            OrderStatus::AwaitingPayment => Ok(()),
        }
    }

    /// Whether an authorization that is answered now can still lead to the ticket. Whether it does,
    /// orders decides.
    pub fn awaits_payment(&self) -> bool {
        match self.status {
            OrderStatus::Created | OrderStatus::AwaitingPayment => true,
            OrderStatus::Complete | OrderStatus::Cancelled => false,
        }
    }

    /// How often it may still be tried to be paid, of `attempts` in all.
    pub fn attempts_left(&self, attempts: u32) -> u32 {
        attempts.saturating_sub(self.declined)
    }

    /// The order with one more attempt declined.
    #[must_use]
    pub fn with_decline(self) -> Order {
        Order {
            declined: self.declined.saturating_add(1),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;
    use uuid::Uuid;

    use super::*;

    const ATTEMPTS: u32 = 3;

    fn buyer() -> UserId {
        Uuid::from_u128(2).into()
    }

    fn order(status: OrderStatus) -> Order {
        Order {
            id: Uuid::from_u128(1).into(),
            version: 1,
            user_id: buyer(),
            status,
            expires_at: "2030-01-01T00:15:00Z".parse().unwrap(),
            total: Money::new(12_000, "usd".parse().unwrap()),
            terms: None,
            declined: 0,
        }
    }

    fn refusal(order: &Order, now: Timestamp) -> Option<Unpayable> {
        order.payable(buyer(), ATTEMPTS, now).err()
    }

    #[test]
    fn only_a_locked_order_may_be_paid() {
        let before = "2030-01-01T00:00:00Z".parse().unwrap();
        let table = [
            (OrderStatus::Created, Some(Unpayable::NotReady)),
            (OrderStatus::AwaitingPayment, None),
            (OrderStatus::Complete, Some(Unpayable::Complete)),
            (OrderStatus::Cancelled, Some(Unpayable::Cancelled)),
        ];
        for (status, expected) in table {
            assert_eq!(refusal(&order(status), before), expected, "{status}");
        }
    }

    #[test]
    fn its_end_is_the_first_millisecond_that_is_too_late() {
        let open = order(OrderStatus::AwaitingPayment);
        let millisecond = SignedDuration::from_millis(1);
        assert_eq!(refusal(&open, open.expires_at - millisecond), None);
        assert_eq!(refusal(&open, open.expires_at), Some(Unpayable::Expired));
        let unlocked = order(OrderStatus::Created);
        assert_eq!(
            refusal(&unlocked, unlocked.expires_at),
            Some(Unpayable::Expired)
        );
        let complete = order(OrderStatus::Complete);
        assert_eq!(
            refusal(&complete, complete.expires_at),
            Some(Unpayable::Complete)
        );
    }

    #[test]
    fn nobody_but_its_buyer_learns_more_than_that_it_is_another_s() {
        let stranger = Uuid::from_u128(9).into();
        for status in OrderStatus::ALL {
            let order = order(*status);
            let refused = order.payable(stranger, ATTEMPTS, order.expires_at);
            assert_eq!(refused, Err(Unpayable::NotYours));
        }
    }

    #[test]
    fn attempts_run_out() {
        let mut order = order(OrderStatus::AwaitingPayment);
        let now = Timestamp::UNIX_EPOCH;
        for left in [3, 2, 1] {
            assert_eq!(order.attempts_left(ATTEMPTS), left);
            assert_eq!(refusal(&order, now), None);
            order = order.with_decline();
        }
        assert_eq!(refusal(&order, now), Some(Unpayable::NoAttemptsLeft));
    }
}
