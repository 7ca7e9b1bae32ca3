//! What of Stripe's objects is read here. All else of them is ignored.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde_json::Value;
use tessera_contracts::PaymentId;
use uuid::Uuid;

use super::requests::{PAYMENT, REFUND};
use super::standing::Status;
use crate::domain::Decline;
use crate::gateway::{About, News};

/// A PaymentIntent.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) amount: i64,
    /// What was charged of it.
    #[serde(default)]
    pub(super) amount_received: Option<i64>,
    pub(super) currency: String,
    #[serde(default)]
    pub(super) client_secret: Option<Hidden>,
    #[serde(default)]
    pub(super) cancellation_reason: Option<String>,
    #[serde(default)]
    pub(super) last_payment_error: Option<ErrorBody>,
    #[serde(default)]
    pub(super) latest_charge: Option<Expandable<Charge>>,
    #[serde(default)]
    pub(super) metadata: HashMap<String, String>,
}

/// A page of them.
#[derive(Debug, Deserialize)]
pub(super) struct Intents {
    pub(super) data: Vec<Intent>,
    pub(super) has_more: bool,
}

/// A charge, of which an authorization is the first half.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Charge {
    #[serde(default)]
    pub(super) amount_refunded: i64,
    #[serde(default)]
    pub(super) balance_transaction: Option<Expandable<BalanceTransaction>>,
}

/// What a charge brought into the account.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct BalanceTransaction {
    pub(super) fee: i64,
    pub(super) currency: String,
}

/// A refund.
#[derive(Debug, Deserialize)]
pub(super) struct Refund {
    #[serde(default)]
    pub(super) status: String,
    #[serde(default)]
    metadata: HashMap<String, String>,
}

/// A page of them.
#[derive(Debug, Deserialize)]
pub(super) struct Refunds {
    pub(super) data: Vec<Refund>,
}

/// A chargeback.
#[derive(Debug, Deserialize)]
pub(super) struct Dispute {
    pub(super) id: String,
    pub(super) status: String,
    pub(super) amount: i64,
    pub(super) currency: String,
    pub(super) reason: String,
    #[serde(default)]
    pub(super) payment_intent: Option<Expandable<Intent>>,
}

/// What Stripe tells of its own accord.
#[derive(Debug, Deserialize)]
pub(super) struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    /// What it is about. Of the kinds that are not known here it may be anything, or nothing.
    #[serde(default)]
    data: Value,
}

/// A page of them.
#[derive(Debug, Deserialize)]
pub(super) struct Events {
    pub(super) data: Vec<Event>,
}

/// An id, or the object itself where it was asked for.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Expandable<T> {
    Id(String),
    Object(Box<T>),
}

/// A text that does not print.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(super) struct Hidden(pub(super) String);

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(…)")
    }
}

/// Why something was refused.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct ErrorBody {
    #[serde(default, rename = "type")]
    pub(super) kind: Option<String>,
    #[serde(default)]
    pub(super) code: Option<String>,
    #[serde(default)]
    decline_code: Option<String>,
    #[serde(default)]
    message: Option<String>,
    #[serde(default)]
    pub(super) payment_intent: Option<Box<Intent>>,
}

impl<T> Expandable<T> {
    pub(super) fn object(&self) -> Option<&T> {
        match self {
            Expandable::Id(_) => None,
            Expandable::Object(object) => Some(object),
        }
    }
}

impl Intent {
    pub(super) fn status(&self) -> Status {
        Status::of(&self.status)
    }

    /// The payment that it was made for.
    pub(super) fn payment(&self) -> Option<PaymentId> {
        self.metadata.get(PAYMENT)?.parse().ok()
    }
}

impl Refund {
    /// The refund of ours that it is.
    pub(super) fn key(&self) -> Option<Uuid> {
        self.metadata.get(REFUND)?.parse().ok()
    }

    pub(super) fn did_fail(&self) -> bool {
        matches!(self.status.as_str(), "failed" | "canceled")
    }
}

impl ErrorBody {
    /// It, as a reason why a card was not authorized.
    pub(super) fn decline(&self) -> Decline {
        const UNKNOWN: &str = "generic_decline";
        let code = match self.code.as_deref() {
            Some("card_declined") | None => self.decline_code.as_deref().unwrap_or(UNKNOWN),
            Some(code) => code,
        };
        Decline {
            code: code.to_owned(),
            message: self
                .message
                .clone()
                .unwrap_or_else(|| "Your card was declined.".to_owned()),
        }
    }
}

impl fmt::Display for ErrorBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        write!(
            f,
            "{} {} {}",
            word(&self.kind),
            word(&self.code),
            word(&self.message)
        )
    }
}

impl Event {
    pub(super) fn into_news(self) -> News {
        let text = |place: &str| self.data.pointer(place)?.as_str().map(str::to_owned);
        let id = text("/object/id");
        // An id, or the intent itself.
        let intent = text("/object/payment_intent").or_else(|| text("/object/payment_intent/id"));
        let about = match self.kind.as_str() {
            kind if kind.starts_with("payment_intent.") => id.map(About::Payment),
            kind if kind.starts_with("charge.dispute.") => id.map(About::Dispute),
            "refund.failed" | "charge.refund.updated" | "refund.updated" => id.map(About::Refund),
            kind if kind.starts_with("charge.") => intent.map(About::Payment),
            _ => None,
        };
        News { id: self.id, about }
    }
}
