//! Refunds (<https://docs.stripe.com/refunds>, <https://docs.stripe.com/api/refunds/object>).

use serde_json::{Value, json};

use super::balance::signed;
use super::cards::Behaviour;
use super::charge::Charge;
use super::fields::joined;
use super::refusal::{Refusal, Refused};
use super::{Book, Kept, Metadata, MovementKind};

/// After how many seconds a refund on one of the cards for that turns out otherwise. Stripe says: some time later.
const TURNS_AFTER: i64 = 60;
const REASONS: [&str; 3] = ["duplicate", "fraudulent", "requested_by_customer"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Pending,
    Succeeded,
    Failed(&'static str),
}

pub(crate) struct Refund {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) amount: u64,
    pub(super) currency: String,
    pub(crate) charge: String,
    pub(crate) intent: String,
    /// `pm_…`
    pub(super) method: String,
    pub(super) reason: Option<String>,
    pub(super) metadata: Metadata,
    pub(super) standing: Standing,
    /// What it turns into, and when.
    pub(super) turns: Option<(i64, Standing)>,
    pub(super) transaction: String,
    pub(super) failure_transaction: Option<String>,
}

/// A wish to refund.
#[derive(Default)]
pub(crate) struct NewRefund {
    pub(crate) intent: Option<String>,
    pub(crate) charge: Option<String>,
    pub(crate) amount: Option<u64>,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: Metadata,
}

impl Book {
    /// Gives back what was captured, or a part of it.
    pub(crate) fn refund(&mut self, wish: NewRefund) -> Result<String, Refused> {
        let unknown = |reason: &String| !REASONS.contains(&reason.as_str());
        if wish.reason.as_ref().is_some_and(unknown) {
            let message = format!("Invalid reason: must be one of {}.", REASONS.join(", "));
            return Err(Refusal::parameter(None, "reason", message));
        }
        let charge = self.charge_to_refund(&wish)?;
        let amount = refundable(&charge, wish.amount)?;
        let behaviour = self
            .methods
            .get(&charge.method)
            .map(|method| method.card.behaviour);
        let failing = (
            Standing::Succeeded,
            Some(Standing::Failed("expired_or_canceled_card")),
        );
        let (standing, turned) = match behaviour {
            _ if std::mem::take(&mut self.refunds_will_fail) => failing,
            Some(Behaviour::AcceptAndFailRefunds) => failing,
            Some(Behaviour::AcceptAndDelayRefunds) => {
                (Standing::Pending, Some(Standing::Succeeded))
            }
            _ => (Standing::Succeeded, None),
        };
        let turns = turned.map(|turned| (self.now + TURNS_AFTER, turned));
        Ok(self.put_refund(charge, amount, wish, standing, turns))
    }

    fn put_refund(
        &mut self,
        charge: Charge,
        amount: u64,
        wish: NewRefund,
        standing: Standing,
        turns: Option<(i64, Standing)>,
    ) -> String {
        let id = self.ids.next("re");
        let currency = charge.price.currency.clone();
        let transaction = self.account("refund", &id, -signed(amount), 0, currency.clone());
        self.moved(MovementKind::Refund, &charge, amount);
        self.refunds.put(Refund {
            id: id.clone(),
            created: self.now,
            amount,
            currency,
            charge: charge.id.clone(),
            intent: charge.intent,
            method: charge.method,
            reason: wish.reason,
            metadata: wish.metadata,
            standing,
            turns,
            transaction,
            failure_transaction: None,
        });
        if let Some(charge) = self.charges.get_mut(&charge.id) {
            charge.refunded += amount;
        }
        self.announce_refund("refund.created", &id);
        self.announce_charge("charge.refunded", &charge.id);
        id
    }

    fn charge_to_refund(&self, wish: &NewRefund) -> Result<Charge, Refused> {
        let of_intent = match &wish.intent {
            Some(intent) => Some(self.intents.find(intent, "payment_intent")?),
            None => None,
        };
        let latest = of_intent.and_then(|intent| intent.latest_charge.as_ref());
        let charge = match (&wish.charge, latest, of_intent) {
            (Some(charge), Some(latest), _) if charge != latest => {
                let message = format!("Charge {charge} does not belong to the PaymentIntent.");
                return Err(Refusal::invalid(None, message).about("charge"));
            }
            (Some(charge), _, _) | (None, Some(charge), _) => {
                self.charges.find(charge, "charge")?
            }
            (None, None, Some(intent)) => return Err(nothing_to_refund(&intent.id)),
            (None, None, None) => return Err(Refusal::missing("payment_intent")),
        };
        match charge.failure {
            Some(_) => Err(nothing_to_refund(&charge.intent)),
            None => Ok(charge.clone()),
        }
    }
}

fn refundable(charge: &Charge, amount: Option<u64>) -> Result<u64, Refused> {
    let id = &charge.id;
    let Some(_) = charge.captured else {
        // What is only held is released by canceling the intent. Which code Stripe gives here is not documented.
        let message = format!("Charge {id} is not captured: cancel its PaymentIntent instead.");
        let code = Some("charge_not_refundable");
        return Err(Refusal::invalid(code, message).of_intent(&charge.intent));
    };
    if charge.disputed {
        let message = format!("Charge {id} is disputed: it cannot be refunded.");
        return Err(Refusal::invalid(Some("charge_disputed"), message));
    }
    let left = charge.left();
    if left == 0 {
        let message = format!("Charge {id} has already been refunded.");
        return Err(Refusal::invalid(Some("charge_already_refunded"), message));
    }
    let amount = amount.unwrap_or(left);
    if amount == 0 {
        let message = "At least 1 is to be refunded.";
        return Err(Refusal::parameter(
            Some("parameter_invalid_integer"),
            "amount",
            message,
        ));
    }
    // Stripe documents that this is refused; that its code is this one is our reading of the list of codes.
    if amount > left {
        let message = format!("{amount} is more than the {left} that are left of the charge.");
        return Err(Refusal::invalid(Some("amount_too_large"), message).about("amount"));
    }
    Ok(amount)
}

fn nothing_to_refund(intent: &str) -> Refused {
    let message = format!("PaymentIntent {intent} has no successful charge to refund.");
    Refusal::invalid(None, message).of_intent(intent)
}

impl Kept for Refund {
    const NAME: &'static str = "refund";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn json(&self) -> Value {
        let (status, failure) = match self.standing {
            Standing::Pending => ("pending", None),
            Standing::Succeeded => ("succeeded", None),
            Standing::Failed(reason) => ("failed", Some(reason)),
        };
        let refund = json!({
            "id": self.id,
            "object": "refund",
            "amount": self.amount,
            "balance_transaction": self.transaction,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "customer": null,
            "customer_account": null,
            "destination_details": { "card": { "type": "refund" }, "type": "card" },
            "metadata": self.metadata,
            "payment_intent": self.intent,
            "payment_method": self.method,
            "reason": self.reason,
            "receipt_number": null,
            "source_transfer_reversal": null,
            "status": status,
            "transfer_reversal": null,
        });
        match failure {
            // These are absent where nothing failed.
            None => refund,
            Some(reason) => {
                let back = &self.failure_transaction;
                joined(
                    refund,
                    json!({ "failure_balance_transaction": back, "failure_reason": reason }),
                )
            }
        }
    }
}
