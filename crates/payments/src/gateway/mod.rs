//! The port to a card gateway: whoever holds, charges and releases money on cards.
//!
//! Owns what payments asks and what it may be answered. Knows no order, and keeps no state: a gateway
//! has a durable book of its own. Every call names the payment that it is for. That is its
//! idempotency key: asked again, however often and by whomever, a gateway does a thing once and gives
//! the same answer.

pub mod test_gateway;

mod calls;

use tessera_contracts::{Money, PaymentId};
use tessera_platform::BoxFuture;

pub use calls::Calls;

pub use crate::domain::{Authorization, Decline, GatewayId, Token};

/// A wish to hold an amount on a card.
#[derive(Clone, Debug)]
pub struct Authorize {
    /// The payment: the idempotency key.
    pub key: PaymentId,
    /// The card.
    pub token: Token,
    /// How much.
    pub amount: Money,
}

/// A call that was not answered as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// The answer was lost, or took too long: whether the gateway acted is not known.
    #[error("the gateway's answer is not known: {0}")]
    Unknown(String),
    /// The gateway did nothing, and never will, however often it is asked.
    #[error("the gateway refused: {0}")]
    Refused(String),
    /// The gateway did certainly nothing, and may well do it when asked again.
    #[error("the gateway is not available: {0}")]
    Unavailable(String),
}

/// A text that stands for no card, in words for whoever sent it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TokenError(pub String);

/// A card gateway.
pub trait Gateway: Send + Sync + 'static {
    /// Whether `text` can be a token of this gateway, before anything is asked of it.
    fn check_token(&self, text: String) -> Result<Token, TokenError>;

    /// Holds an amount on a card.
    fn authorize<'a>(
        &'a self,
        wish: &'a Authorize,
    ) -> BoxFuture<'a, Result<Authorization, GatewayError>>;

    /// What the gateway answered to the authorization of this key: also a lost answer, and also one
    /// that has been captured or voided since. `None` when it was never asked.
    fn find(&self, key: PaymentId) -> BoxFuture<'_, Result<Option<Authorization>, GatewayError>>;

    /// Charges the whole amount that is held. `Ok` when it is charged, be it by an earlier call.
    fn capture<'a>(
        &'a self,
        id: &'a GatewayId,
        key: PaymentId,
    ) -> BoxFuture<'a, Result<(), GatewayError>>;

    /// Releases the amount that is held. `Ok` when nothing is held any more, be it by an earlier call
    /// or because the hold ran out; an amount that was charged is refused.
    fn void<'a>(
        &'a self,
        id: &'a GatewayId,
        key: PaymentId,
    ) -> BoxFuture<'a, Result<(), GatewayError>>;
}
