//! The port to a card gateway: whoever holds, charges and releases money on cards.
//!
//! Owns what payments asks and what it may be answered. Knows no order, and keeps no state: a gateway
//! has a durable book of its own. Every call names the payment that it is for, and its round. Those are its
//! idempotency key: asked again, however often and by whomever, a gateway does a thing once and gives
//! the same answer. A new round begins only where that answer is a failure that says nothing.

pub mod stripe;
pub mod test_gateway;

mod calls;

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::{Money, OrderId, PaymentId};
use tessera_platform::BoxFuture;
use uuid::Uuid;

pub use calls::Calls;

pub use crate::domain::{Authorization, ClientSecret, Decline, GatewayId, Token};

/// A wish to hold an amount on a card.
#[derive(Clone, Debug)]
pub struct Authorize {
    /// The payment.
    pub key: PaymentId,
    /// The round.
    pub round: u32,
    /// The order that it pays, to be noted beside it.
    pub order: OrderId,
    /// The card.
    pub token: Token,
    /// How much.
    pub amount: Money,
    /// When it was asked for first.
    pub since: Timestamp,
    /// The gateway's own id of it, where that is known already.
    pub known: Option<GatewayId>,
}

/// A wish to end an authorization.
#[derive(Clone, Debug)]
pub struct Settle {
    /// The gateway's id of the authorization.
    pub id: GatewayId,
    /// The payment.
    pub key: PaymentId,
    /// The round.
    pub round: u32,
    /// What was authorized.
    pub amount: Money,
}

/// A wish to give back what was charged, or a part of it.
#[derive(Clone, Debug)]
pub struct Refund {
    /// The gateway's id of the authorization that was charged.
    pub id: GatewayId,
    /// The refund.
    pub key: Uuid,
    /// The round.
    pub round: u32,
    /// How much.
    pub amount: Money,
}

/// What became of an amount that was to be released.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Released {
    /// Nothing is held any more.
    Voided,
    /// It was charged, and not by payments.
    ChargedElsewhere,
}

/// How a gateway has an authorization, whoever asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The gateway's id of it.
    pub id: GatewayId,
    /// The payment that it was made for, if it says so.
    pub key: Option<PaymentId>,
    /// Where it stands.
    pub standing: Standing,
    /// How much it is of.
    pub amount: Money,
    /// How much of it was given back.
    pub refunded: Money,
    /// What the gateway kept, if it says so.
    pub fee: Option<Money>,
}

/// Some authorizations of a gateway.
#[derive(Clone, Debug, Default)]
pub struct Listed {
    /// Those that were made for payments.
    pub seen: Vec<Seen>,
    /// After which one there may be more; `None` at the end.
    pub next: Option<GatewayId>,
}

/// Where an authorization stands at the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing is held, but whoever has its secret could change that.
    Open,
    /// The amount is held.
    Held,
    /// The amount was charged.
    Charged,
    /// Nothing is held, and nothing ever will be.
    Closed,
    /// The gateway does not know it yet.
    Unclear,
}

/// A chargeback: the buyer's bank asks for the money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispute {
    /// The gateway's id of it.
    pub id: String,
    /// Of which authorization.
    pub payment: GatewayId,
    /// The payment that that was made for.
    pub key: PaymentId,
    /// What the bank wants.
    pub amount: Money,
    /// Why, as the gateway's slug.
    pub reason: String,
    /// Whether it is decided.
    pub standing: DisputeStanding,
}

/// Whether a chargeback is decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisputeStanding {
    /// It is not.
    Open,
    /// The money stays.
    Won,
    /// The bank took it.
    Lost,
}

/// What a gateway told of its own accord. It is taken for a hint at what to look at, and for nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct News {
    /// The gateway's id of the event: the same one may be told any number of times.
    pub id: String,
    /// What to look at, if it is anything that matters here.
    pub about: Option<About>,
}

/// Something to look at, by the gateway's id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum About {
    /// An authorization.
    Payment(String),
    /// A chargeback.
    Dispute(String),
    /// A refund.
    Refund(String),
}

/// A message that is not the gateway's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message is not signed by the gateway")]
pub struct NotAuthentic;

/// A call that was not answered as asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GatewayError {
    /// The answer was lost, or took too long: whether the gateway acted is not known.
    #[error("the gateway's answer is not known: {0}")]
    Unknown(String),
    /// The gateway failed, and would say so again to the same key. It did nothing that a look at it shows.
    #[error("the gateway failed: {0}")]
    Failed(String),
    /// The gateway did nothing, and never will, however often it is asked.
    #[error("the gateway refused: {0}")]
    Refused(String),
    /// The gateway did certainly nothing, and may well do it when asked again.
    #[error("the gateway is not available: {0}")]
    Unavailable(String),
    /// It did nothing, and asks not to be asked again before that time has passed.
    #[error("the gateway asks to come back: {0}")]
    Busy(String, SignedDuration),
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

    /// How the authorization of this wish stands: also one whose answer was lost, and also one
    /// that has been captured or voided since. `None` when it was never asked for.
    fn find<'a>(
        &'a self,
        wish: &'a Authorize,
    ) -> BoxFuture<'a, Result<Option<Authorization>, GatewayError>>;

    /// Charges the whole amount that is held. `Ok` when it is charged, be it by an earlier call, with what the
    /// gateway keeps of it, if it says so.
    fn capture<'a>(
        &'a self,
        wish: &'a Settle,
    ) -> BoxFuture<'a, Result<Option<Money>, GatewayError>>;

    /// Releases the amount that is held. `Ok` when nothing is held any more, be it by an earlier call
    /// or because the hold ran out.
    fn void<'a>(&'a self, wish: &'a Settle) -> BoxFuture<'a, Result<Released, GatewayError>>;

    /// Gives back what was charged, or a part of it. `Ok` when it is on its way, be it by an earlier call.
    fn refund<'a>(&'a self, wish: &'a Refund) -> BoxFuture<'a, Result<(), GatewayError>>;

    /// How it has an authorization, if it knows it. The built-in gateway's book is compared by `tessera check` instead.
    fn look<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Seen>, GatewayError>> {
        let _ = id;
        Box::pin(async { Ok(None) })
    }

    /// Some authorizations that were made since then and after that one, the newest first.
    fn list<'a>(
        &'a self,
        since: Timestamp,
        after: Option<&'a GatewayId>,
    ) -> BoxFuture<'a, Result<Listed, GatewayError>> {
        let _ = (since, after);
        Box::pin(async { Ok(Listed::default()) })
    }

    /// What it told since then of chargebacks and refunds, after that event, the newest first; none when there is no more.
    fn news<'a>(
        &'a self,
        since: Timestamp,
        after: Option<&'a str>,
    ) -> BoxFuture<'a, Result<Vec<News>, GatewayError>> {
        let _ = (since, after);
        Box::pin(async { Ok(Vec::new()) })
    }

    /// A chargeback, if it knows it.
    fn dispute<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Dispute>, GatewayError>> {
        let _ = id;
        Box::pin(async { Ok(None) })
    }

    /// Of which refund of ours the gateway's refund is, if it did not arrive.
    fn bounced<'a>(&'a self, id: &'a str) -> BoxFuture<'a, Result<Option<Uuid>, GatewayError>> {
        let _ = id;
        Box::pin(async { Ok(None) })
    }

    /// Reads what the gateway is said to have told, if it is signed by it.
    fn hear(&self, signature: Option<&str>, body: &[u8]) -> Result<News, NotAuthentic> {
        let _ = (signature, body);
        Err(NotAuthentic)
    }
}
