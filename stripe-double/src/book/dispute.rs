//! Disputes (<https://docs.stripe.com/disputes/how-disputes-work>, <https://docs.stripe.com/api/disputes/object>).

use serde::Deserialize;
use serde_json::{Value, json};

use super::balance::signed;
use super::refusal::{Refusal, Refused};
use super::{Book, Kept, MovementKind};

/// What a dispute costs, in the smallest unit. Stripe's depends on the country.
const FEE: u64 = 1500;
const TO_ANSWER: i64 = 7 * 24 * 60 * 60;

/// How a dispute ends, seen from the account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The money comes back.
    Won,
    /// It does not.
    Lost,
}

pub(crate) struct Dispute {
    id: String,
    created: i64,
    amount: u64,
    currency: String,
    pub(crate) charge: String,
    pub(crate) intent: String,
    reason: String,
    verdict: Option<Verdict>,
    transactions: Vec<String>,
}

impl Book {
    /// The card's owner disputes the charge of an intent: what is left of it is withdrawn.
    pub(crate) fn dispute(&mut self, intent: &str, reason: &str) -> Result<String, Refused> {
        let charge_id = self.intents.find(intent, "intent")?.latest_charge.clone();
        let charge_id = charge_id.unwrap_or_default();
        let charge = self.charges.find_mut(&charge_id, "charge")?;
        let amount = charge.left();
        if amount == 0 || charge.disputed {
            return Err(Refusal::invalid(
                None,
                "There is nothing of this charge to dispute.",
            ));
        }
        charge.disputed = true;
        let charge = charge.clone();
        let (id, currency) = (self.ids.next("du"), charge.price.currency.clone());
        let taken = self.account("adjustment", &id, -signed(amount), FEE, currency.clone());
        self.disputes.put(Dispute {
            id: id.clone(),
            created: self.now,
            amount,
            currency,
            charge: charge_id,
            intent: intent.to_owned(),
            reason: reason.to_owned(),
            verdict: None,
            transactions: vec![taken],
        });
        self.moved(MovementKind::Withdraw, &charge, amount);
        self.announce_dispute("charge.dispute.created", &id);
        self.announce_dispute("charge.dispute.funds_withdrawn", &id);
        Ok(id)
    }

    /// Ends a dispute: what is won comes back, but for the fee.
    pub(crate) fn close_dispute(&mut self, id: &str, verdict: Verdict) -> Result<(), Refused> {
        let dispute = self.disputes.find_mut(id, "dispute")?;
        if dispute.verdict.is_some() {
            return Err(Refusal::invalid(None, "This dispute is already closed.").about("dispute"));
        }
        dispute.verdict = Some(verdict);
        let (amount, currency) = (dispute.amount, dispute.currency.clone());
        let charge = self
            .charges
            .find(&dispute.charge.clone(), "charge")?
            .clone();
        if verdict == Verdict::Won {
            let back = self.account("adjustment", id, signed(amount), 0, currency);
            self.disputes
                .find_mut(id, "dispute")?
                .transactions
                .push(back);
            self.moved(MovementKind::Reinstate, &charge, amount);
            self.announce_dispute("charge.dispute.funds_reinstated", id);
        }
        self.announce_dispute("charge.dispute.closed", id);
        Ok(())
    }
}

impl Kept for Dispute {
    const NAME: &'static str = "dispute";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    /// Balance transactions are whole here, as documented: whoever shows a dispute puts them in place of their ids.
    fn json(&self) -> Value {
        let status = match self.verdict {
            None => "needs_response",
            Some(Verdict::Won) => "won",
            Some(Verdict::Lost) => "lost",
        };
        json!({
            "id": self.id,
            "object": "dispute",
            "amount": self.amount,
            "balance_transactions": self.transactions,
            "charge": self.charge,
            "created": self.created,
            "currency": self.currency,
            "enhanced_eligibility_types": [],
            "evidence": {},
            "evidence_details": {
                "due_by": self.created + TO_ANSWER,
                "has_evidence": false,
                "past_due": false,
                "submission_count": 0,
            },
            "intended_submission_method": null,
            "is_charge_refundable": false,
            "livemode": false,
            "metadata": {},
            "payment_intent": self.intent,
            "reason": self.reason,
            "status": status,
        })
    }
}
