//! The table `disputes`: chargebacks, as the gateway told of them.

use tessera_contracts::{Money, OrderId, PaymentId};
use tessera_platform::db::{Db, DbError, FromRow, Row, Tx};
use tessera_platform::params;

use crate::gateway::Dispute;

const FIND: &str = "SELECT status, amount, frozen, currency FROM disputes WHERE id = $1";
const BARS_REFUNDS: &str =
    "SELECT count(*) FROM disputes WHERE order_id = $1 AND status IN ('open', 'lost')";
const OPEN_OF: &str =
    "SELECT id, amount, frozen, currency FROM disputes WHERE order_id = $1 AND status = 'open'";
const FREEZE_MORE: &str =
    "UPDATE disputes SET frozen = $2 WHERE id = $1 AND status = 'open' AND frozen = $3";
const COUNT_OPEN: &str = "SELECT count(*) FROM disputes WHERE status = 'open'";
const INSERT: &str = "INSERT INTO disputes (id, payment_id, order_id, status, reason, amount, frozen, currency, opened_at)
    VALUES ($1, $2, $3, 'open', $4, $5, $6, $7, $8)";
const CLOSE: &str =
    "UPDATE disputes SET status = $2, closed_at = $3 WHERE id = $1 AND status = 'open'";

/// The bank has not decided.
pub const OPEN: &str = "open";
/// The seller was right.
pub const WON: &str = "won";
/// The buyer was right.
pub const LOST: &str = "lost";

/// A chargeback that is known.
#[derive(Clone, Debug)]
pub struct Known {
    /// [`OPEN`], [`WON`] or [`LOST`].
    pub status: String,
    /// What the bank wants.
    pub amount: Money,
    /// What the seller is kept from.
    pub frozen: Money,
}

impl FromRow for Known {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let (status, wanted) = (row.next()?, row.next()?);
        let frozen = super::money(row)?;
        Ok(Known {
            status,
            amount: Money::new(wanted, frozen.currency()),
            frozen,
        })
    }
}

/// A chargeback that is not decided.
#[derive(Clone, Debug)]
pub struct Open {
    /// The gateway's id of it.
    pub id: String,
    /// What the bank wants, in minor units.
    pub amount: i64,
    /// What the seller is kept from.
    pub frozen: Money,
}

impl FromRow for Open {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(Open {
            id: row.next()?,
            amount: row.next()?,
            frozen: super::money(row)?,
        })
    }
}

/// A chargeback, if it is known.
pub async fn find(tx: &mut Tx, id: &str) -> Result<Option<Known>, DbError> {
    tx.opt(FIND, &params![id]).await
}

/// Whether the bank has given the money of this order back, or may do so.
pub async fn bars_refunds(tx: &mut Tx, order: OrderId) -> Result<bool, DbError> {
    let (count,): (i64,) = tx.one(BARS_REFUNDS, &params![order]).await?;
    Ok(count > 0)
}

/// The one of this order that is open, if one is.
pub async fn open_of(tx: &mut Tx, order: OrderId) -> Result<Option<Open>, DbError> {
    tx.opt(OPEN_OF, &params![order]).await
}

/// Notes that the seller is kept from more: `false` when that is known.
pub async fn freeze_more(tx: &mut Tx, open: &Open, more: Money) -> Result<bool, DbError> {
    let frozen = open.frozen.minor();
    let params = params![open.id.as_str(), frozen + more.minor(), frozen];
    Ok(tx.execute(FREEZE_MORE, &params).await? == 1)
}

/// How many are open.
pub async fn count_open(db: &Db) -> Result<i64, DbError> {
    let open: Option<(i64,)> = db.opt(COUNT_OPEN, &[]).await?;
    Ok(open.map_or(0, |(open,)| open))
}

/// Notes a new one.
pub async fn insert(
    tx: &mut Tx,
    news: &Dispute,
    payment: PaymentId,
    order: OrderId,
    frozen: Money,
) -> Result<(), DbError> {
    let (now, currency) = (tx.now(), frozen.currency());
    let params = params![
        news.id.as_str(),
        payment,
        order,
        news.reason.as_str(),
        news.amount.minor(),
        frozen.minor(),
        currency.as_str(),
        now,
    ];
    tx.execute(INSERT, &params).await.map(drop)
}

/// Notes how it was decided: `false` when that is known.
pub async fn close(tx: &mut Tx, id: &str, status: &str) -> Result<bool, DbError> {
    let params = params![id, status, tx.now()];
    Ok(tx.execute(CLOSE, &params).await? == 1)
}
