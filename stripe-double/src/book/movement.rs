//! What really moved, so that a test can add it up.

use serde::Serialize;

use super::charge::Charge;
use super::{Book, Metadata};

/// What was done with an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MovementKind {
    /// It is held on the card.
    Authorize,
    /// It was held, and is charged.
    Capture,
    /// It was held, and is no more.
    Release,
    /// It was charged, and goes back to the card.
    Refund,
    /// It went back to the card, which did not take it: the account has it again.
    RefundFailed,
    /// It was charged, and is taken from the account by a dispute.
    Withdraw,
    /// It was withdrawn, and is given back, since the dispute was won.
    Reinstate,
}

/// One thing that was done with money. Nothing else in the double moves any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Movement {
    /// What was done.
    pub kind: MovementKind,
    /// The PaymentIntent, as `pi_…`.
    pub intent: String,
    /// The Charge, as `ch_…`.
    pub charge: String,
    /// In the smallest unit of the currency.
    pub amount: u64,
    /// Three small letters.
    pub currency: String,
    /// That of the PaymentIntent, at that time.
    pub metadata: Metadata,
    /// Seconds since 1970.
    pub at: i64,
}

impl Book {
    pub(super) fn moved(&mut self, kind: MovementKind, charge: &Charge, amount: u64) {
        let intent = self.intents.get(&charge.intent);
        let metadata = intent.map(|intent| intent.metadata.clone());
        self.movements.push(Movement {
            kind,
            intent: charge.intent.clone(),
            charge: charge.id.clone(),
            amount,
            currency: charge.price.currency.clone(),
            metadata: metadata.unwrap_or_default(),
            at: self.now,
        });
    }
}
