//! Balance transactions (<https://docs.stripe.com/api/balance_transactions/object>): what an object did to the
//! account's balance.

use serde_json::{Value, json};

use super::refusal::Refused;
use super::{Book, Kept, money};

const AVAILABLE_AFTER: i64 = 2 * 24 * 60 * 60;

pub(crate) struct Transaction {
    id: String,
    created: i64,
    /// `charge`, `refund`, `refund_failure` or `adjustment`.
    kind: &'static str,
    /// With its sign: what leaves the balance is less than zero.
    amount: i64,
    fee: u64,
    currency: String,
    /// The object that caused it.
    source: String,
}

impl Book {
    /// A charge was captured. Answers the transaction.
    pub(super) fn account_for_charge(
        &mut self,
        charge: &str,
        amount: u64,
    ) -> Result<String, Refused> {
        let currency = self.charges.find(charge, "charge")?.price.currency.clone();
        Ok(self.account(
            "charge",
            charge,
            signed(amount),
            money::fee(amount),
            currency,
        ))
    }

    /// Something else happened to it, for no fee of its own but for a dispute's.
    pub(super) fn account(
        &mut self,
        kind: &'static str,
        source: &str,
        amount: i64,
        fee: u64,
        currency: String,
    ) -> String {
        let id = self.ids.next("txn");
        self.transactions.put(Transaction {
            id: id.clone(),
            created: self.now,
            kind,
            amount,
            fee,
            currency,
            source: source.to_owned(),
        });
        id
    }
}

/// An amount as one that comes in. Amounts have eight digits at most.
pub(super) fn signed(amount: u64) -> i64 {
    i64::try_from(amount).unwrap_or(i64::MAX)
}

impl Kept for Transaction {
    const NAME: &'static str = "balance transaction";

    fn id(&self) -> &str {
        &self.id
    }

    fn created(&self) -> i64 {
        self.created
    }

    fn json(&self) -> Value {
        let fees = [json!({
            "amount": self.fee,
            "application": null,
            "currency": self.currency,
            "description": "Processing fees",
            "type": "stripe_fee",
        })];
        let fees: &[Value] = if self.fee == 0 { &[] } else { &fees };
        let category = match self.kind {
            "adjustment" => "dispute",
            kind => kind,
        };
        json!({
            "id": self.id,
            "object": "balance_transaction",
            "amount": self.amount,
            "available_on": self.created + AVAILABLE_AFTER,
            "balance_type": "payments",
            "created": self.created,
            "currency": self.currency,
            "description": null,
            "exchange_rate": null,
            "fee": self.fee,
            "fee_details": fees,
            "net": self.amount - signed(self.fee),
            "reporting_category": category,
            "source": self.source,
            "status": "pending",
            "type": self.kind,
        })
    }
}
