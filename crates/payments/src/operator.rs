//! What an operator does about money, from the command line: on the database itself, beside a running server or without one.
//! What is to be asked of the gateway, a running server asks.

use tessera_contracts::{Currency, Money, OrderId, UserId};
use tessera_platform::db::{Db, DbError};
use tessera_platform::ids::Ids;

use crate::operations;
use crate::store::{ledger, refunds};

pub use crate::domain::{Account, NotRefundable, Refund, RefundStatus};
pub use crate::operations::{GiveBack, GiveBackError, Payout, PayoutError};
pub use crate::store::ledger::{Owed, Total};

/// Decides that a buyer gets money back: `amount` as it was written, or all that is left.
pub async fn refund(
    db: &Db,
    ids: &Ids,
    order: OrderId,
    amount: Option<String>,
    reason: String,
) -> Result<Refund, GiveBackError> {
    let wish = GiveBack {
        id: ids.next(),
        order,
        amount,
        reason,
    };
    db.write(wish, |tx, wish| Box::pin(operations::give_back(tx, wish)))
        .await
}

/// How a refund stands.
pub async fn show_refund(db: &Db, refund: &Refund) -> Result<Option<Refund>, DbError> {
    refunds::show(db, refund.id).await
}

/// Records that a seller was paid.
pub async fn pay_out(
    db: &Db,
    seller: UserId,
    amount: Option<String>,
    currency: Currency,
    reference: String,
) -> Result<Money, PayoutError> {
    let wish = Payout {
        seller,
        amount,
        currency,
        reference,
    };
    db.write(wish, |tx, wish| Box::pin(operations::pay_out(tx, wish)))
        .await
}

/// What is in each account.
pub async fn totals(db: &Db) -> Result<Vec<Total>, DbError> {
    ledger::totals(db).await
}

/// The sellers who are owed something, or owe it, the most first.
pub async fn owed(db: &Db, most: i64) -> Result<Vec<Owed>, DbError> {
    ledger::owed(db, most).await
}
