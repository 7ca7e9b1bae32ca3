//! Records that a seller was paid, outside of this system: real payments to sellers are an operator's.

use tessera_contracts::{Currency, Money, UserId};
use tessera_platform::db::{DbError, Tx};

use crate::domain::Transfer;
use crate::store::ledger;

/// What an operator paid.
#[derive(Clone, Debug)]
pub struct Payout {
    /// To whom.
    pub seller: UserId,
    /// How much, as it was written; all of it when it was not.
    pub amount: Option<String>,
    /// In which currency.
    pub currency: Currency,
    /// What the bank calls it: each is recorded once.
    pub reference: String,
}

/// Why it is not recorded, in words for an operator.
#[derive(Debug, thiserror::Error)]
pub enum PayoutError {
    /// The text is no amount.
    #[error("{0}")]
    Amount(String),
    /// More than is owed, which is given.
    #[error("this seller has {} {} to be paid out", .0.amount(), .0.currency())]
    TooMuch(Money),
    /// There is one of that reference, which is given.
    #[error("a payout with the reference {0:?} is recorded already")]
    Known(String),
    /// The database did not do it.
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Records it, and answers what was paid.
pub async fn pay_out(tx: &mut Tx, wish: &Payout) -> Result<Money, PayoutError> {
    let payable = ledger::hold_payable(tx, wish.seller, wish.currency).await?;
    let amount = match &wish.amount {
        None => payable,
        Some(text) => Money::parse(text, wish.currency)
            .map_err(|error| PayoutError::Amount(error.to_string()))?,
    };
    if amount.minor() <= 0 || amount.minor() > payable.minor() {
        return Err(PayoutError::TooMuch(payable));
    }
    let transfer = Transfer::payout(&wish.reference, wish.seller, amount);
    if ledger::add(tx, &transfer).await? {
        Ok(amount)
    } else {
        Err(PayoutError::Known(wish.reference.clone()))
    }
}
