//! A payment and its life: processing → authorized → captured, or declined, voided, refused.

use jiff::Timestamp;
use tessera_contracts::{Money, OrderId, PaymentId, PaymentStatus, UserId};

use super::{Authorization, Decline, GatewayId, Intent, Order, Settled, Token};

/// One attempt to pay an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// Drawn by whoever asks for the attempt; the gateway knows the attempt by it.
    pub id: PaymentId,
    /// Grows by one with every change; every save is guarded by it.
    pub version: i64,
    /// The order.
    pub order_id: OrderId,
    /// The buyer.
    pub user_id: UserId,
    /// The order's total.
    pub amount: Money,
    /// The card.
    pub token: Token,
    /// Where it stands.
    pub state: State,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// Where a payment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The gateway was, or will be, asked to hold the amount; its answer is not known.
    Processing,
    /// The amount is held, and orders is to say whether the ticket is the buyer's.
    Authorized(GatewayId),
    /// The order is complete: the amount is to be charged.
    Capturing(GatewayId),
    /// The order ended without the ticket: the amount is to be released.
    Voiding(GatewayId),
    /// The amount was charged.
    Captured(GatewayId),
    /// The card was declined.
    Declined(Decline),
    /// The amount was released.
    Voided(GatewayId),
    /// The gateway will never charge the amount.
    CaptureFailed(GatewayId),
}

/// A change that is not one of this state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payment that is {:?} does not change that way", .0)]
pub struct Refused(pub State);

impl State {
    /// Its word on the wire, where what is under way does not show.
    pub fn status(&self) -> PaymentStatus {
        match self {
            State::Processing => PaymentStatus::Processing,
            State::Authorized(_) | State::Capturing(_) | State::Voiding(_) => {
                PaymentStatus::Authorized
            }
            State::Captured(_) => PaymentStatus::Captured,
            State::Declined(_) => PaymentStatus::Declined,
            State::Voided(_) => PaymentStatus::Voided,
            State::CaptureFailed(_) => PaymentStatus::CaptureFailed,
        }
    }

    /// What the gateway is still to be asked.
    pub fn intent(&self) -> Option<Intent> {
        match self {
            State::Processing => Some(Intent::Resolve),
            State::Capturing(_) => Some(Intent::Capture),
            State::Voiding(_) => Some(Intent::Void),
            State::Authorized(_)
            | State::Captured(_)
            | State::Declined(_)
            | State::Voided(_)
            | State::CaptureFailed(_) => None,
        }
    }

    /// The gateway's id of the authorization, once there is one.
    pub fn gateway_id(&self) -> Option<&GatewayId> {
        match self {
            State::Processing | State::Declined(_) => None,
            State::Authorized(id)
            | State::Capturing(id)
            | State::Voiding(id)
            | State::Captured(id)
            | State::Voided(id)
            | State::CaptureFailed(id) => Some(id),
        }
    }

    /// Why the card was declined, if it was.
    pub fn decline(&self) -> Option<&Decline> {
        if let State::Declined(decline) = self {
            Some(decline)
        } else {
            None
        }
    }
}

impl Payment {
    /// A new attempt to pay `order`.
    pub fn new(id: PaymentId, order: &Order, token: Token, now: Timestamp) -> Payment {
        Payment {
            id,
            version: 0,
            order_id: order.id,
            user_id: order.user_id,
            amount: order.total,
            token,
            state: State::Processing,
            created_at: now,
            updated_at: now,
        }
    }

    /// The gateway answered. An amount that is held for an order that has ended meanwhile is
    /// released at once.
    pub fn answered(
        self,
        answer: Authorization,
        order: &Order,
        now: Timestamp,
    ) -> Result<Payment, Refused> {
        match (self.state.clone(), answer) {
            (State::Processing, Authorization::Authorized(id)) if order.awaits_payment() => {
                Ok(self.changed(State::Authorized(id), now))
            }
            (State::Processing, Authorization::Authorized(id)) => {
                Ok(self.changed(State::Voiding(id), now))
            }
            (State::Processing, Authorization::Declined(decline)) => {
                Ok(self.changed(State::Declined(decline), now))
            }
            (state, _) => Err(Refused(state)),
        }
    }

    /// Its order is complete: only now may the money be taken.
    pub fn order_completed(self, now: Timestamp) -> Result<Payment, Refused> {
        match self.state.clone() {
            State::Authorized(id) => Ok(self.changed(State::Capturing(id), now)),
            state => Err(Refused(state)),
        }
    }

    /// Its order ended without the ticket.
    pub fn order_cancelled(self, now: Timestamp) -> Result<Payment, Refused> {
        match self.state.clone() {
            State::Authorized(id) => Ok(self.changed(State::Voiding(id), now)),
            state => Err(Refused(state)),
        }
    }

    /// The gateway settled the authorization.
    pub fn settled(self, settled: Settled, now: Timestamp) -> Result<Payment, Refused> {
        match (self.state.clone(), settled) {
            (State::Capturing(id), Settled::Captured) => Ok(self.changed(State::Captured(id), now)),
            (State::Capturing(id), Settled::CaptureRefused) => {
                Ok(self.changed(State::CaptureFailed(id), now))
            }
            (State::Voiding(id), Settled::Voided) => Ok(self.changed(State::Voided(id), now)),
            (state, _) => Err(Refused(state)),
        }
    }

    fn changed(self, state: State, now: Timestamp) -> Payment {
        Payment {
            version: self.version + 1,
            state,
            updated_at: now,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use tessera_contracts::OrderStatus;
    use uuid::Uuid;

    use super::*;

    fn gateway_id() -> GatewayId {
        GatewayId::new("test_1".to_owned())
    }

    fn decline() -> Decline {
        Decline {
            code: "expired_card".to_owned(),
            message: "Your card has expired.".to_owned(),
        }
    }

    fn states() -> [State; 8] {
        [
            State::Processing,
            State::Authorized(gateway_id()),
            State::Capturing(gateway_id()),
            State::Voiding(gateway_id()),
            State::Captured(gateway_id()),
            State::Declined(decline()),
            State::Voided(gateway_id()),
            State::CaptureFailed(gateway_id()),
        ]
    }

    fn now() -> Timestamp {
        "2030-01-01T00:00:00Z".parse().unwrap()
    }

    fn order(status: OrderStatus) -> Order {
        Order {
            id: Uuid::from_u128(1).into(),
            version: 1,
            user_id: Uuid::from_u128(2).into(),
            status,
            expires_at: now(),
            total: Money::new(12_000, "usd".parse().unwrap()),
            declined: 0,
        }
    }

    fn payment(state: State) -> Payment {
        let order = order(OrderStatus::AwaitingPayment);
        let token = Token::new("tok_visa".to_owned());
        let new = Payment::new(
            Uuid::from_u128(3).into(),
            &order,
            token,
            Timestamp::UNIX_EPOCH,
        );
        Payment {
            version: 4,
            state,
            ..new
        }
    }

    /// The states in which `step` is taken, each with the state that it leads to.
    fn taken(step: impl Fn(Payment) -> Result<Payment, Refused>) -> Vec<(State, State)> {
        let mut taken = Vec::new();
        for state in states() {
            match step(payment(state.clone())) {
                Ok(changed) => {
                    assert_eq!((changed.version, changed.updated_at), (5, now()));
                    taken.push((state, changed.state));
                }
                Err(refused) => assert_eq!(refused, Refused(state)),
            }
        }
        taken
    }

    #[test]
    fn an_answer_counts_once() {
        let authorized = |status| {
            let order = order(status);
            taken(move |payment| {
                payment.answered(Authorization::Authorized(gateway_id()), &order, now())
            })
        };
        let held = vec![(State::Processing, State::Authorized(gateway_id()))];
        let released = vec![(State::Processing, State::Voiding(gateway_id()))];
        assert_eq!(authorized(OrderStatus::Created), held);
        assert_eq!(authorized(OrderStatus::AwaitingPayment), held);
        assert_eq!(authorized(OrderStatus::Cancelled), released);
        assert_eq!(authorized(OrderStatus::Complete), released);

        let ended = order(OrderStatus::Cancelled);
        let declined =
            taken(|payment| payment.answered(Authorization::Declined(decline()), &ended, now()));
        assert_eq!(declined, [(State::Processing, State::Declined(decline()))]);
    }

    #[test]
    fn money_is_taken_for_a_complete_order_only_and_released_for_a_cancelled_one() {
        let id = gateway_id;
        assert_eq!(
            taken(|payment| payment.order_completed(now())),
            [(State::Authorized(id()), State::Capturing(id()))]
        );
        assert_eq!(
            taken(|payment| payment.order_cancelled(now())),
            [(State::Authorized(id()), State::Voiding(id()))]
        );
    }

    #[test]
    fn only_what_is_under_way_settles() {
        let id = gateway_id;
        let settled = |settled| taken(move |payment| payment.settled(settled, now()));
        assert_eq!(
            settled(Settled::Captured),
            [(State::Capturing(id()), State::Captured(id()))]
        );
        assert_eq!(
            settled(Settled::CaptureRefused),
            [(State::Capturing(id()), State::CaptureFailed(id()))]
        );
        assert_eq!(
            settled(Settled::Voided),
            [(State::Voiding(id()), State::Voided(id()))]
        );
    }

    #[test]
    fn what_is_under_way_shows_as_authorized() {
        let words = states().map(|state| state.status().as_str());
        let expected = [
            "processing",
            "authorized",
            "authorized",
            "authorized",
            "captured",
            "declined",
            "voided",
            "capture_failed",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn a_token_does_not_print() {
        assert!(!format!("{:?}", payment(State::Processing)).contains("tok_visa"));
    }
}
