//! A PaymentIntent (<https://docs.stripe.com/api/payment_intents/object>): its states, and how it looks on the wire.

use serde_json::{Value, json};

use super::attempt::How;
use super::fields::{joined, with_nulls};
use super::kinds::Kinds;
use super::refusal::{Refusal, Refused};
use super::{Book, Kept, Metadata, Price};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CaptureMethod {
    Automatic,
    /// What is meant when nothing is said. The double captures at once all the same.
    AutomaticAsync,
    Manual,
}

impl CaptureMethod {
    fn as_str(self) -> &'static str {
        match self {
            CaptureMethod::Automatic => "automatic",
            CaptureMethod::AutomaticAsync => "automatic_async",
            CaptureMethod::Manual => "manual",
        }
    }
}

/// Where an intent stands. What it holds or has received is a part of that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum State {
    RequiresPaymentMethod,
    RequiresConfirmation,
    /// Whoever pays has to authenticate.
    RequiresAction,
    /// The whole amount is held.
    RequiresCapture {
        until: i64,
        /// Each capture is refused, for good.
        refused: bool,
    },
    Succeeded {
        received: u64,
    },
    Canceled {
        at: i64,
        reason: Option<String>,
    },
}

impl State {
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            State::RequiresPaymentMethod => "requires_payment_method",
            State::RequiresConfirmation => "requires_confirmation",
            State::RequiresAction => "requires_action",
            State::RequiresCapture { .. } => "requires_capture",
            State::Succeeded { .. } => "succeeded",
            State::Canceled { .. } => "canceled",
        }
    }

    fn held(&self, price: &Price) -> u64 {
        match self {
            State::RequiresCapture { .. } => price.amount,
            _ => 0,
        }
    }

    fn received(&self) -> u64 {
        match self {
            State::Succeeded { received } => *received,
            _ => 0,
        }
    }

    /// When it was canceled, and why.
    fn ended(&self) -> Option<(i64, Option<&str>)> {
        match self {
            State::Canceled { at, reason } => Some((*at, reason.as_deref())),
            _ => None,
        }
    }
}

pub(crate) struct Intent {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) created: i64,
    pub(crate) terms: NewIntent,
    pub(crate) metadata: Metadata,
    pub(crate) state: State,
    /// `pm_…`
    pub(crate) method: Option<String>,
    pub(crate) return_url: Option<String>,
    pub(crate) latest_charge: Option<String>,
    pub(crate) last_error: Option<Value>,
    pub(crate) next_action: Option<Value>,
}

/// What an intent is made of.
#[derive(Clone, Debug)]
pub(crate) struct NewIntent {
    pub(crate) price: Price,
    pub(crate) capture: CaptureMethod,
    pub(crate) kinds: Kinds,
    pub(crate) description: Option<String>,
    pub(crate) statement_descriptor_suffix: Option<String>,
    pub(crate) transfer_group: Option<String>,
}

impl Book {
    /// Makes an intent, and confirms it where `confirm` says how. A declined one is kept, too.
    pub(crate) fn create(
        &mut self,
        terms: NewIntent,
        metadata: Metadata,
        method: Option<String>,
        confirm: Option<How>,
    ) -> Result<String, Refused> {
        if let Some(how) = &confirm {
            let has_method = method.is_some() || how.confirmation_token.is_some();
            how.check(&terms, has_method)?;
            if let Some(token) = &how.confirmation_token {
                self.check_confirmation_token(token)?;
            }
        }
        let id = self.ids.next("pi");
        let secret = self.ids.next(&format!("{id}_secret"));
        let state = match method {
            Some(_) => State::RequiresConfirmation,
            None => State::RequiresPaymentMethod,
        };
        let intent = Intent {
            id: id.clone(),
            secret,
            created: self.now,
            terms,
            metadata,
            state,
            method,
            return_url: None,
            latest_charge: None,
            last_error: None,
            next_action: None,
        };
        self.intents.put(intent);
        self.announce_intent("payment_intent.created", &id);
        if let Some(how) = confirm {
            self.confirm(&id, None, how)?;
        }
        Ok(id)
    }

    pub(crate) fn update(
        &mut self,
        id: &str,
        metadata: &[(String, String)],
        description: Option<String>,
    ) -> Result<(), Refused> {
        let intent = self.intents.find_mut(id, "intent")?;
        merge(&mut intent.metadata, metadata);
        intent.terms.description = description.or_else(|| intent.terms.description.take());
        Ok(())
    }

    /// Whoever has the client secret may look, and may confirm.
    pub(crate) fn check_secret(&self, id: &str, secret: &str) -> Result<(), Refused> {
        let intent = self.intents.find(id, "intent")?;
        if intent.secret == secret {
            return Ok(());
        }
        // Stripe's code for it is not documented.
        let message = "The client_secret does not belong to this PaymentIntent.";
        let code = Some("payment_intent_invalid_parameter");
        Err(Refusal::parameter(code, "client_secret", message))
    }

    pub(super) fn intent_mut(&mut self, id: &str) -> Result<&mut Intent, Refused> {
        self.intents.find_mut(id, "intent")
    }
}

/// An empty value takes its key away.
fn merge(metadata: &mut Metadata, changes: &[(String, String)]) {
    for (key, value) in changes {
        if key.is_empty() {
            metadata.clear();
        } else if value.is_empty() {
            metadata.remove(key);
        } else {
            metadata.insert(key.clone(), value.clone());
        }
    }
}

/// What an intent of the double never has.
const NEVER: [&str; 16] = [
    "application",
    "application_fee_amount",
    "customer",
    "customer_account",
    "managed_payments",
    "on_behalf_of",
    "payment_method_configuration_details",
    "payment_record",
    "processing",
    "receipt_email",
    "review",
    "setup_future_usage",
    "shipping",
    "source",
    "statement_descriptor",
    "transfer_data",
];

impl Kept for Intent {
    const NAME: &'static str = "payment_intent";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn json(&self) -> Value {
        let price = &self.terms.price;
        let (canceled_at, reason) = self.state.ended().unzip();
        let intent = json!({
            "id": self.id,
            "object": "payment_intent",
            "amount": price.amount,
            "amount_capturable": self.state.held(price),
            "amount_details": { "tip": {} },
            "amount_received": self.state.received(),
            "canceled_at": canceled_at,
            "cancellation_reason": reason,
            "capture_method": self.terms.capture.as_str(),
            "client_secret": self.secret,
            "confirmation_method": "automatic",
            "created": self.created,
            "currency": price.currency,
            "description": self.terms.description,
            "last_payment_error": self.last_error,
            "latest_charge": self.latest_charge,
            "livemode": false,
            "metadata": self.metadata,
            "next_action": self.next_action,
            "payment_method": self.method,
            "payment_method_options": {
                "card": { "installments": null, "network": null, "request_three_d_secure": "automatic" },
            },
            "statement_descriptor_suffix": self.terms.statement_descriptor_suffix,
            "status": self.state.as_str(),
            "transfer_group": self.terms.transfer_group,
        });
        with_nulls(joined(intent, self.terms.kinds.json()), &NEVER)
    }
}
