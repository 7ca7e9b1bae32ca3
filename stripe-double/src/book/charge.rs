//! A Charge (<https://docs.stripe.com/api/charges/object>): one attempt of an intent to get its money.

use serde_json::{Value, json};

use super::declines::Decline;
use super::fields::with_nulls;
use super::refusal::Refused;
use super::{Book, Kept, Metadata, Price};

#[derive(Clone)]
pub(crate) struct Charge {
    pub(crate) id: String,
    pub(crate) created: i64,
    pub(crate) intent: String,
    pub(crate) price: Price,
    /// How much was taken; `None` as long as it is only held.
    pub(crate) captured: Option<u64>,
    pub(crate) refunded: u64,
    pub(crate) disputed: bool,
    pub(crate) transaction: Option<String>,
    pub(crate) failure: Option<&'static Decline>,
    /// What the charge has from its intent and its card, as on the wire.
    pub(crate) method: String,
    pub(crate) card: Value,
    pub(crate) metadata: Metadata,
    pub(crate) description: Option<String>,
    pub(crate) statement_descriptor_suffix: Option<String>,
    pub(crate) transfer_group: Option<String>,
}

impl Charge {
    /// How much of it can still be refunded.
    pub(super) fn left(&self) -> u64 {
        self.captured.unwrap_or(0).saturating_sub(self.refunded)
    }

    fn outcome(&self) -> Value {
        let (network, kind, reason) = match self.failure {
            None => ("approved_by_network", "authorized", None),
            Some(decline) => {
                let reason = decline.decline_code.unwrap_or(decline.code);
                ("declined_by_network", "issuer_declined", Some(reason))
            }
        };
        json!({
            "network_status": network,
            "reason": reason,
            "risk_level": "normal",
            "risk_score": 1,
            "seller_message": self.failure.map_or("Payment complete.", |decline| decline.message),
            "type": kind,
        })
    }
}

impl Book {
    /// A charge on the card of an intent, which it does not stand in the book yet.
    pub(super) fn new_charge(
        &mut self,
        intent: &str,
        failure: Option<&'static Decline>,
    ) -> Result<Charge, Refused> {
        let id = self.ids.next("ch");
        let intent = self.intents.find(intent, "intent")?;
        let method = intent.method.clone().unwrap_or_default();
        let card = self.methods.find(&method, "payment_method")?.on_a_charge();
        let terms = intent.terms.clone();
        Ok(Charge {
            id,
            created: self.now,
            intent: intent.id.clone(),
            price: terms.price,
            captured: None,
            refunded: 0,
            disputed: false,
            transaction: None,
            failure,
            method,
            card,
            metadata: intent.metadata.clone(),
            description: terms.description,
            statement_descriptor_suffix: terms.statement_descriptor_suffix,
            transfer_group: terms.transfer_group,
        })
    }
}

/// What a charge of the double never has.
const NEVER: [&str; 15] = [
    "application",
    "application_fee",
    "application_fee_amount",
    "customer",
    "failure_balance_transaction",
    "on_behalf_of",
    "receipt_email",
    "receipt_number",
    "receipt_url",
    "review",
    "shipping",
    "source",
    "source_transfer",
    "statement_descriptor",
    "transfer_data",
];

impl Kept for Charge {
    const NAME: &'static str = "charge";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn json(&self) -> Value {
        let failed = self.failure.is_some();
        let captured = self.captured.unwrap_or(0);
        let charge = json!({
            "id": self.id,
            "object": "charge",
            "amount": self.price.amount,
            "amount_captured": captured,
            "amount_refunded": self.refunded,
            "balance_transaction": self.transaction,
            "billing_details": { "address": null, "email": null, "name": null, "phone": null, "tax_id": null },
            "calculated_statement_descriptor": "TESSERA",
            "captured": self.captured.is_some(),
            "created": self.created,
            "currency": self.price.currency,
            "description": self.description,
            "disputed": self.disputed,
            "failure_code": self.failure.map(|decline| decline.code),
            "failure_message": self.failure.map(|decline| decline.message),
            "fraud_details": {},
            "livemode": false,
            "metadata": self.metadata,
            "outcome": self.outcome(),
            "paid": !failed,
            "payment_intent": self.intent,
            "payment_method": self.method,
            "payment_method_details": { "card": self.card, "type": "card" },
            "refunded": captured > 0 && self.refunded == captured,
            "statement_descriptor_suffix": self.statement_descriptor_suffix,
            // One that was never captured stays so, also after its authorization is released.
            "status": if failed { "failed" } else { "succeeded" },
            "transfer_group": self.transfer_group,
        });
        with_nulls(charge, &NEVER)
    }
}
