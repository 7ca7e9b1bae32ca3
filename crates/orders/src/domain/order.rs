//! An order and its life: created → awaiting:payment → complete, or cancelled on the way.

use jiff::Timestamp;
use tessera_contracts::events::OrderTicket;
use tessera_contracts::{CancelReason, Fees, Money, OrderId, OrderStatus, UserId};

/// One buyer's claim on one ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Drawn by whoever asks for the reservation.
    pub id: OrderId,
    /// Grows by one with every change; every save is guarded by it.
    pub version: i64,
    /// The buyer.
    pub user_id: UserId,
    /// Where it stands.
    pub state: State,
    /// When the lock ends, unless the order is complete by then.
    pub expires_at: Timestamp,
    /// What is paid, fixed when reserving.
    pub amounts: Amounts,
    /// The ticket as the buyer saw it: kept and passed on, and not looked into.
    pub ticket: OrderTicket,
    /// When it was reserved.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// What the parties of an order get and give, all in one currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amounts {
    /// What the seller asked.
    pub price: Money,
    /// What the marketplace adds.
    pub fee: Money,
    /// What the buyer pays.
    pub total: Money,
    /// What the marketplace keeps of the price.
    pub seller_fee: Money,
}

impl Amounts {
    /// What a ticket at `price` costs and brings in.
    pub fn new(price: Money, fees: Fees) -> Amounts {
        Amounts {
            price,
            fee: fees.buyer.of(price),
            total: fees.buyer.on_top_of(price),
            seller_fee: fees.seller.of(price),
        }
    }
}

/// Where an order stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has the ticket here; tickets has not answered yet.
    Created,
    /// Tickets confirmed the lock: it may be paid.
    AwaitingPayment,
    /// Paid.
    Complete,
    /// Ended without the ticket.
    Cancelled(CancelReason),
}

/// A change that is not one of this state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {} does not change that way", .0.status())]
pub struct Refused(pub State);

impl State {
    /// Its word on the wire.
    pub fn status(self) -> OrderStatus {
        match self {
            State::Created => OrderStatus::Created,
            State::AwaitingPayment => OrderStatus::AwaitingPayment,
            State::Complete => OrderStatus::Complete,
            State::Cancelled(_) => OrderStatus::Cancelled,
        }
    }

    /// Why it was cancelled, if it was.
    pub fn cancel_reason(self) -> Option<CancelReason> {
        if let State::Cancelled(reason) = self {
            Some(reason)
        } else {
            None
        }
    }

    /// Every way in which an order may end without the ticket.
    pub fn may_cancel(self, reason: CancelReason) -> bool {
        use CancelReason::{
            AccountDeleted, CancelledByBuyer, CaptureFailed, Expired, PaymentFailed, TicketChanged,
        };
        match self {
            State::Created => matches!(
                reason,
                TicketChanged | Expired | CancelledByBuyer | AccountDeleted
            ),
            State::AwaitingPayment => {
                matches!(
                    reason,
                    Expired | CancelledByBuyer | PaymentFailed | AccountDeleted
                )
            }
            State::Complete => reason == CaptureFailed,
            State::Cancelled(_) => false,
        }
    }
}

impl Order {
    /// Tickets locked the listing for this order.
    pub fn locked(self, now: Timestamp) -> Result<Order, Refused> {
        match self.state {
            State::Created => Ok(self.changed(State::AwaitingPayment, now)),
            other => Err(Refused(other)),
        }
    }

    /// The card was authorized: from here on the ticket is the buyer's.
    pub fn completed(self, now: Timestamp) -> Result<Order, Refused> {
        match self.state {
            State::AwaitingPayment => Ok(self.changed(State::Complete, now)),
            other => Err(Refused(other)),
        }
    }

    /// The order ends without the ticket.
    pub fn cancelled(self, reason: CancelReason, now: Timestamp) -> Result<Order, Refused> {
        if self.state.may_cancel(reason) {
            Ok(self.changed(State::Cancelled(reason), now))
        } else {
            Err(Refused(self.state))
        }
    }

    /// Whether its lock has run out by `now`.
    pub fn is_over(&self, now: Timestamp) -> bool {
        now >= self.expires_at
    }

    fn changed(self, state: State, now: Timestamp) -> Order {
        Order {
            version: self.version + 1,
            state,
            updated_at: now,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STATES: [State; 4] = [
        State::Created,
        State::AwaitingPayment,
        State::Complete,
        State::Cancelled(CancelReason::Expired),
    ];

    fn order(state: State) -> Order {
        let currency = "usd".parse().unwrap();
        let amount = Money::new(12_000, currency);
        Order {
            id: uuid(1).into(),
            version: 3,
            user_id: uuid(2).into(),
            state,
            expires_at: Timestamp::UNIX_EPOCH,
            amounts: Amounts::new(amount, Fees::default()),
            ticket: serde_json::from_value(serde_json::json!({
                "id": uuid(3), "version": 1, "userId": uuid(4), "title": "Hamlet", "price": "120.00", "currency": "usd"
            }))
            .unwrap(),
            created_at: Timestamp::UNIX_EPOCH,
            updated_at: Timestamp::UNIX_EPOCH,
        }
    }

    fn uuid(n: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(n)
    }

    #[test]
    fn only_the_drawn_transitions_exist() {
        use CancelReason::{
            AccountDeleted, CancelledByBuyer, CaptureFailed, Expired, PaymentFailed, TicketChanged,
        };
        let allowed: [&[CancelReason]; 4] = [
            &[Expired, CancelledByBuyer, TicketChanged, AccountDeleted],
            &[Expired, CancelledByBuyer, PaymentFailed, AccountDeleted],
            &[CaptureFailed],
            &[],
        ];
        for (state, allowed) in STATES.into_iter().zip(allowed) {
            let now = Timestamp::UNIX_EPOCH;
            assert_eq!(order(state).locked(now).is_ok(), state == State::Created);
            assert_eq!(
                order(state).completed(now).is_ok(),
                state == State::AwaitingPayment
            );
            for reason in CancelReason::ALL {
                let cancelled = order(state).cancelled(*reason, now);
                assert_eq!(
                    cancelled.is_ok(),
                    allowed.contains(reason),
                    "{state:?} by {reason}"
                );
            }
        }
    }

    #[test]
    fn a_change_moves_version_and_time_and_keeps_the_amounts() {
        let now = "2030-01-01T00:00:00Z".parse().unwrap();
        let locked = order(State::Created).locked(now).unwrap();
        assert_eq!((locked.version, locked.updated_at), (4, now));
        assert_eq!(locked.amounts, order(State::Created).amounts);
    }
}
