//! Where a payment stands, and what of that shows.

use tessera_contracts::PaymentStatus;

use super::{ClientSecret, Decline, GatewayId, Intent};

/// Where a payment stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The gateway was, or will be, asked to hold the amount; its answer is not known.
    Processing,
    /// The payer is to confirm it with their bank, which the secret lets their browser do.
    RequiresAction(GatewayId, ClientSecret),
    /// The amount is held, and orders is to say whether the ticket is the buyer's.
    Authorized(GatewayId),
    /// The order is complete: the amount is to be charged.
    Capturing(GatewayId),
    /// The order ended without the ticket: the amount is to be released.
    Voiding(GatewayId),
    /// The amount was charged.
    Captured(GatewayId),
    /// Somebody else charged the amount, of an order that ended without the ticket: it is to be given back.
    Refunding(GatewayId),
    /// The card was declined.
    Declined(Decline),
    /// The card was declined, and what is still open at the gateway is to be closed.
    Discarding(GatewayId, Decline),
    /// The amount was released.
    Voided(GatewayId),
    /// The gateway will never charge the amount.
    CaptureFailed(GatewayId),
    /// The amount was charged and given back.
    Refunded(GatewayId),
}

impl State {
    /// Its word on the wire, where what is under way does not show.
    pub fn status(&self) -> PaymentStatus {
        match self {
            State::Processing => PaymentStatus::Processing,
            State::RequiresAction(..) => PaymentStatus::RequiresAction,
            State::Authorized(_) | State::Capturing(_) | State::Voiding(_) => {
                PaymentStatus::Authorized
            }
            State::Captured(_) => PaymentStatus::Captured,
            State::Declined(_) | State::Discarding(..) => PaymentStatus::Declined,
            State::Voided(_) => PaymentStatus::Voided,
            State::CaptureFailed(_) => PaymentStatus::CaptureFailed,
            State::Refunding(_) | State::Refunded(_) => PaymentStatus::Refunded,
        }
    }

    /// What the gateway is still to be asked.
    pub fn intent(&self) -> Option<Intent> {
        match self {
            State::Processing | State::RequiresAction(..) => Some(Intent::Resolve),
            State::Capturing(_) => Some(Intent::Capture),
            State::Voiding(_) | State::Discarding(..) => Some(Intent::Void),
            State::Refunding(_) => Some(Intent::Refund),
            State::Authorized(_)
            | State::Captured(_)
            | State::Declined(_)
            | State::Voided(_)
            | State::CaptureFailed(_)
            | State::Refunded(_) => None,
        }
    }

    /// The gateway's id of the authorization, once there is one.
    pub fn gateway_id(&self) -> Option<&GatewayId> {
        match self {
            State::Processing | State::Declined(_) => None,
            State::RequiresAction(id, _)
            | State::Discarding(id, _)
            | State::Authorized(id)
            | State::Capturing(id)
            | State::Voiding(id)
            | State::Refunding(id)
            | State::Captured(id)
            | State::Voided(id)
            | State::CaptureFailed(id)
            | State::Refunded(id) => Some(id),
        }
    }

    /// Why the card was declined, if it was.
    pub fn decline(&self) -> Option<&Decline> {
        match self {
            State::Declined(decline) | State::Discarding(_, decline) => Some(decline),
            _ => None,
        }
    }

    /// What lets the payer's browser confirm it, while that is what it waits for.
    pub fn client_secret(&self) -> Option<&ClientSecret> {
        match self {
            State::RequiresAction(_, secret) => Some(secret),
            _ => None,
        }
    }
}
