//! What Stripe's answers mean to payments.

use tessera_contracts::{Currency, Money};

use super::objects::{self, Expandable, Hidden, Intent};
use crate::domain::{ClientSecret, Decline};
use crate::gateway::{
    Authorization, Dispute, DisputeStanding, GatewayError, GatewayId, Seen, Standing,
};

/// Where an intent stands (<https://docs.stripe.com/payments/paymentintents/lifecycle>); of two, the later one is worth more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Status {
    Canceled,
    /// Nothing was confirmed, or the card was declined.
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Succeeded,
    /// A word that is not known here.
    Unknown,
}

impl Status {
    pub(super) fn of(word: &str) -> Status {
        match word {
            "canceled" => Status::Canceled,
            "requires_payment_method" => Status::RequiresPaymentMethod,
            "requires_confirmation" => Status::RequiresConfirmation,
            "requires_action" => Status::RequiresAction,
            "processing" => Status::Processing,
            "requires_capture" => Status::RequiresCapture,
            "succeeded" => Status::Succeeded,
            _ => Status::Unknown,
        }
    }
}

/// The answer that an intent is to the wish to hold its amount.
pub(super) fn authorization(intent: &Intent) -> Result<Authorization, GatewayError> {
    let id = GatewayId::new(intent.id.clone());
    match intent.status() {
        // Charged by somebody else: a capture finds it done, and a release that it must be given back.
        Status::RequiresCapture | Status::Succeeded => Ok(Authorization::Authorized(id)),
        Status::RequiresAction => match &intent.client_secret {
            Some(Hidden(secret)) => Ok(Authorization::ActionRequired(
                id,
                ClientSecret::new(secret.clone()),
            )),
            None => Err(GatewayError::Unknown(
                "an intent without its secret".to_owned(),
            )),
        },
        Status::RequiresPaymentMethod | Status::RequiresConfirmation => {
            let error = intent.last_payment_error.as_ref();
            let decline = error.map_or_else(Decline::not_processed, objects::ErrorBody::decline);
            Ok(Authorization::DeclinedOpen(id, decline))
        }
        Status::Canceled => Ok(Authorization::Declined(Decline::not_processed())),
        Status::Processing | Status::Unknown => Err(GatewayError::Unknown(format!(
            "the intent is {}",
            intent.status
        ))),
    }
}

/// What Stripe kept of a charge, if that is known yet.
pub(super) fn fee(intent: &Intent) -> Result<Option<Money>, GatewayError> {
    let charge = intent.latest_charge.as_ref().and_then(Expandable::object);
    let balance = charge.and_then(|charge| charge.balance_transaction.as_ref()?.object());
    let Some(balance) = balance else {
        return Ok(None);
    };
    Ok(Some(Money::from_stripe(
        balance.fee,
        currency(&balance.currency)?,
    )))
}

/// How Stripe has an authorization; `None` of what was not made by a marketplace like this one.
pub(super) fn seen(intent: &Intent) -> Result<Option<Seen>, GatewayError> {
    let Some(key) = intent.payment() else {
        return Ok(None);
    };
    let currency = currency(&intent.currency)?;
    let charge = intent.latest_charge.as_ref().and_then(Expandable::object);
    let refunded = charge.map_or(0, |charge| charge.amount_refunded);
    let is_charged = intent.status() == Status::Succeeded;
    Ok(Some(Seen {
        id: GatewayId::new(intent.id.clone()),
        key: Some(key),
        standing: match intent.status() {
            Status::Canceled => Standing::Closed,
            Status::RequiresPaymentMethod
            | Status::RequiresConfirmation
            | Status::RequiresAction => Standing::Open,
            Status::RequiresCapture => Standing::Held,
            Status::Succeeded => Standing::Charged,
            Status::Processing | Status::Unknown => Standing::Unclear,
        },
        // Somebody may have charged less than was held.
        amount: match intent.status() {
            Status::Succeeded => {
                Money::from_stripe(intent.amount_received.unwrap_or(intent.amount), currency)
            }
            _ => Money::from_stripe(intent.amount, currency),
        },
        // What is released without having been charged counts as refunded there.
        refunded: Money::from_stripe(if is_charged { refunded } else { 0 }, currency),
        fee: fee(intent)?,
    }))
}

/// A chargeback of an intent.
pub(super) fn dispute(
    dispute: objects::Dispute,
    intent: &Intent,
) -> Result<Option<Dispute>, GatewayError> {
    let Some(key) = intent.payment() else {
        return Ok(None);
    };
    Ok(Some(Dispute {
        id: dispute.id,
        payment: GatewayId::new(intent.id.clone()),
        key,
        amount: Money::from_stripe(dispute.amount, currency(&dispute.currency)?),
        reason: dispute.reason,
        // An inquiry that was closed took nothing.
        standing: match dispute.status.as_str() {
            "won" | "warning_closed" | "prevented" => DisputeStanding::Won,
            "lost" => DisputeStanding::Lost,
            _ => DisputeStanding::Open,
        },
    }))
}

fn currency(code: &str) -> Result<Currency, GatewayError> {
    code.parse()
        .map_err(|_| GatewayError::Unknown(format!("Stripe speaks of the currency {code:?}")))
}
