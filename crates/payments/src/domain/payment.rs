//! A payment and its life: processing → authorized → captured, or declined, voided, refused. On the way its payer may
//! have to confirm it, and at the end it may be given back.

use jiff::Timestamp;
use tessera_contracts::{Money, OrderId, PaymentId, UserId};

use super::{Authorization, Decline, NotRefundable, Order, Settled, State, Token};

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
    /// How much of what was charged an operator gave back, or decided to.
    pub refunded: Money,
    /// When it was asked for.
    pub created_at: Timestamp,
    /// When it changed last.
    pub updated_at: Timestamp,
}

/// A change that is not one of this state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a payment that is {:?} does not change that way", .0)]
pub struct Refused(pub State);

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
            refunded: Money::new(0, order.total.currency()),
            created_at: now,
            updated_at: now,
        }
    }

    /// The gateway answered. An amount that is held for an order that has ended meanwhile, or could come to be, is
    /// released at once.
    pub fn answered(
        self,
        answer: Authorization,
        order: &Order,
        now: Timestamp,
    ) -> Result<Payment, Refused> {
        let is_first = match &self.state {
            State::Processing => true,
            State::RequiresAction(..) => false,
            state => return Err(Refused(state.clone())),
        };
        let next = match answer {
            Authorization::Authorized(id) if order.awaits_payment() => State::Authorized(id),
            Authorization::ActionRequired(id, secret) if order.awaits_payment() && is_first => {
                State::RequiresAction(id, secret)
            }
            // It was known already.
            Authorization::ActionRequired(..) if !is_first => return Err(Refused(self.state)),
            Authorization::Authorized(id) | Authorization::ActionRequired(id, _) => {
                State::Voiding(id)
            }
            Authorization::Declined(decline) => State::Declined(decline),
            Authorization::DeclinedOpen(id, decline) => State::Discarding(id, decline),
        };
        Ok(self.changed(next, now))
    }

    /// The payer begins another attempt, in the place of one that they were to confirm and did not.
    pub fn abandoned(self, now: Timestamp) -> Result<Payment, Refused> {
        match self.state.clone() {
            State::RequiresAction(id, _) => {
                Ok(self.changed(State::Discarding(id, Decline::abandoned()), now))
            }
            state => Err(Refused(state)),
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
            // An open page could still lead to a hold.
            State::RequiresAction(id, _) | State::Authorized(id) => {
                Ok(self.changed(State::Voiding(id), now))
            }
            state => Err(Refused(state)),
        }
    }

    /// The gateway settled the authorization.
    pub fn settled(self, settled: Settled, now: Timestamp) -> Result<Payment, Refused> {
        match (self.state.clone(), settled) {
            (State::Capturing(id), Settled::Captured { .. }) => {
                Ok(self.changed(State::Captured(id), now))
            }
            (State::Capturing(id), Settled::CaptureRefused) => {
                Ok(self.changed(State::CaptureFailed(id), now))
            }
            (State::Voiding(id), Settled::Voided) => Ok(self.changed(State::Voided(id), now)),
            (State::Discarding(_, decline), Settled::Voided) => {
                Ok(self.changed(State::Declined(decline), now))
            }
            (State::Voiding(id) | State::Discarding(id, _), Settled::ChargedElsewhere) => {
                Ok(self.changed(State::Refunding(id), now))
            }
            (State::Refunding(id), Settled::Refunded) => Ok(self.changed(State::Refunded(id), now)),
            (state, _) => Err(Refused(state)),
        }
    }

    /// The gateway has it otherwise than was recorded: it is to be asked once more.
    pub fn reopened(self, to: State, now: Timestamp) -> Result<Payment, Refused> {
        let is_known = matches!(
            (&self.state, &to),
            (State::Captured(_), State::Capturing(_))
                | (
                    State::Declined(_),
                    State::Discarding(..) | State::Refunding(_)
                )
                | (
                    State::Voided(_) | State::CaptureFailed(_),
                    State::Voiding(_) | State::Refunding(_),
                )
        );
        if is_known {
            Ok(self.changed(to, now))
        } else {
            Err(Refused(self.state))
        }
    }

    /// An operator gives `amount` of it back.
    pub fn refund(self, amount: Money, now: Timestamp) -> Result<Payment, NotRefundable> {
        let State::Captured(_) = self.state else {
            return Err(NotRefundable::NotCharged);
        };
        let left = self.amount.minor() - self.refunded.minor();
        match amount.minor() {
            ..=0 => return Err(NotRefundable::Nothing),
            minor if minor > left => {
                return Err(NotRefundable::TooMuch(Money::new(left, amount.currency())));
            }
            _ => {}
        }
        let refunded = Money::new(self.refunded.minor() + amount.minor(), amount.currency());
        let state = self.state.clone();
        Ok(Payment {
            refunded,
            ..self.changed(state, now)
        })
    }

    /// That refund never arrives: it is as if it had not been decided.
    #[must_use]
    pub fn refund_failed(self, amount: Money, now: Timestamp) -> Payment {
        let refunded = Money::new(self.refunded.minor() - amount.minor(), amount.currency());
        let state = match self.state.clone() {
            State::Refunded(id) => State::Captured(id),
            state => state,
        };
        Payment {
            refunded,
            ..self.changed(state, now)
        }
    }

    /// What was decided to be given back is on its way. If that is all, nothing of it is charged any more.
    #[must_use]
    pub fn refund_paid(self, is_last: bool, now: Timestamp) -> Payment {
        let state = match self.state.clone() {
            State::Captured(id) if is_last && self.refunded == self.amount => State::Refunded(id),
            state => state,
        };
        self.changed(state, now)
    }

    /// How much its payer was given back, or is about to be, if anything.
    pub fn given_back(&self) -> Option<Money> {
        match self.state {
            State::Refunding(_) | State::Refunded(_) => Some(self.amount),
            _ => Some(self.refunded).filter(|refunded| refunded.minor() > 0),
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
    use crate::domain::{ClientSecret, GatewayId};

    fn gateway_id() -> GatewayId {
        GatewayId::new("test_1".to_owned())
    }

    fn decline() -> Decline {
        Decline {
            code: "expired_card".to_owned(),
            message: "Your card has expired.".to_owned(),
        }
    }

    fn secret() -> ClientSecret {
        ClientSecret::new("pi_1_secret_2".to_owned())
    }

    fn states() -> [State; 12] {
        [
            State::Processing,
            State::Authorized(gateway_id()),
            State::Capturing(gateway_id()),
            State::Voiding(gateway_id()),
            State::Captured(gateway_id()),
            State::Declined(decline()),
            State::Voided(gateway_id()),
            State::CaptureFailed(gateway_id()),
            State::RequiresAction(gateway_id(), secret()),
            State::Discarding(gateway_id(), decline()),
            State::Refunding(gateway_id()),
            State::Refunded(gateway_id()),
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
            terms: None,
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
        let waiting = || {
            [
                State::Processing,
                State::RequiresAction(gateway_id(), secret()),
            ]
        };
        let all_to = |to: State| waiting().map(|from| (from, to.clone())).to_vec();
        let held = all_to(State::Authorized(gateway_id()));
        let released = all_to(State::Voiding(gateway_id()));
        assert_eq!(authorized(OrderStatus::Created), held);
        assert_eq!(authorized(OrderStatus::AwaitingPayment), held);
        assert_eq!(authorized(OrderStatus::Cancelled), released);
        assert_eq!(authorized(OrderStatus::Complete), released);

        let ended = order(OrderStatus::Cancelled);
        let declined =
            taken(|payment| payment.answered(Authorization::Declined(decline()), &ended, now()));
        assert_eq!(declined, all_to(State::Declined(decline())));
        let open = taken(|payment| {
            let answer = Authorization::DeclinedOpen(gateway_id(), decline());
            payment.answered(answer, &ended, now())
        });
        assert_eq!(open, all_to(State::Discarding(gateway_id(), decline())));
    }

    #[test]
    fn a_payer_is_asked_once_and_only_while_it_makes_sense() {
        let asked = |status| {
            let order = order(status);
            taken(move |payment| {
                let answer = Authorization::ActionRequired(gateway_id(), secret());
                payment.answered(answer, &order, now())
            })
        };
        let waits = State::RequiresAction(gateway_id(), secret());
        let open = asked(OrderStatus::AwaitingPayment);
        assert_eq!(open, [(State::Processing, waits.clone())]);
        let ended = asked(OrderStatus::Cancelled);
        assert_eq!(ended, [(State::Processing, State::Voiding(gateway_id()))]);
        assert_eq!(
            taken(|payment| payment.abandoned(now())),
            [(waits, State::Discarding(gateway_id(), Decline::abandoned()))]
        );
        assert!(
            !format!("{:?}", State::RequiresAction(gateway_id(), secret())).contains("secret_2")
        );
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
            [
                (State::Authorized(id()), State::Voiding(id())),
                (State::RequiresAction(id(), secret()), State::Voiding(id())),
            ]
        );
    }

    #[test]
    fn only_what_is_under_way_settles() {
        let id = gateway_id;
        let settled = |settled| taken(move |payment| payment.settled(settled, now()));
        assert_eq!(
            settled(Settled::Captured { fee: None }),
            [(State::Capturing(id()), State::Captured(id()))]
        );
        assert_eq!(
            settled(Settled::CaptureRefused),
            [(State::Capturing(id()), State::CaptureFailed(id()))]
        );
        assert_eq!(
            settled(Settled::Voided),
            [
                (State::Voiding(id()), State::Voided(id())),
                (
                    State::Discarding(id(), decline()),
                    State::Declined(decline())
                ),
            ]
        );
        assert_eq!(
            settled(Settled::ChargedElsewhere),
            [
                (State::Voiding(id()), State::Refunding(id())),
                (State::Discarding(id(), decline()), State::Refunding(id())),
            ]
        );
        assert_eq!(
            settled(Settled::Refunded),
            [(State::Refunding(id()), State::Refunded(id()))]
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
            "requires_action",
            "declined",
            "refunded",
            "refunded",
        ];
        assert_eq!(words, expected);
    }

    #[test]
    fn a_token_does_not_print() {
        assert!(!format!("{:?}", payment(State::Processing)).contains("tok_visa"));
    }
}
