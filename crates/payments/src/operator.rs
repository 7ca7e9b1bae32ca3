//! What an operator does about money, from the command line: on the database itself, beside a running server or without one.
//! What is to be asked of the gateway, a running server asks.

use aws_lc_rs::digest::{SHA256, digest};
use tessera_contracts::{Currency, Money, OrderId, UserId};
use tessera_platform::db::{Db, DbError};
use tessera_platform::ids::Ids;
use uuid::{Builder, Uuid};

use crate::operations;
use crate::store::{ledger, refunds};

pub use crate::domain::{Account, NotRefundable, Refund, RefundStatus};
pub use crate::operations::{GiveBack, GiveBackError, Payout, PayoutError};
pub use crate::store::ledger::{Owed, Total};

/// What an operator wants to give back.
#[derive(Clone, Debug)]
pub struct Wish {
    /// Of which order.
    pub order: OrderId,
    /// How much, as it was written, or all that is left.
    pub amount: Option<String>,
    /// Why.
    pub reason: String,
    /// What stands for this refund of the order: the same one again is no further refund.
    pub reference: Option<String>,
}

/// Decides that a buyer gets money back.
pub async fn refund(db: &Db, ids: &Ids, wish: Wish) -> Result<Refund, GiveBackError> {
    let wish = GiveBack {
        id: match &wish.reference {
            Some(reference) => id_of(wish.order, reference),
            None => ids.next(),
        },
        order: wish.order,
        amount: wish.amount,
        reason: wish.reason,
    };
    db.write(wish, |tx, wish| Box::pin(operations::give_back(tx, wish)))
        .await
}

/// The same for the same reference of an order (a UUID of version 8, RFC 9562).
fn id_of(order: OrderId, reference: &str) -> Uuid {
    let text = format!("{order} {reference}");
    let digest = digest(&SHA256, text.as_bytes());
    let bytes = digest.as_ref().first_chunk().copied().unwrap_or_default();
    Builder::from_custom_bytes(bytes).into_uuid()
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
