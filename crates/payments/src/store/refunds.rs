//! The table `refunds`: what operators give back.

use jiff::{SignedDuration, Timestamp};
use tessera_contracts::{OrderId, PaymentId};
use tessera_platform::db::{Db, DbError, FromRow, Row, Tx};
use tessera_platform::params;
use uuid::Uuid;

use crate::domain::{Refund, RefundStatus};

/// The columns of a [`Refund`], in the order in which it reads them.
macro_rules! columns {
    () => {
        "id, version, payment_id, order_id, amount, currency, reason, status, created_at, updated_at"
    };
}

const FIND: &str = concat!("SELECT ", columns!(), " FROM refunds WHERE id = $1");
const OPEN: &str = "SELECT count(*) FROM refunds WHERE payment_id = $1 AND status = 'pending'";
const INSERT: &str = concat!(
    "INSERT INTO refunds (",
    columns!(),
    ", due_at, tries, round) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, 0)"
);
const SAVE: &str = "UPDATE refunds SET version = $2, status = $3, updated_at = $4, due_at = NULL
    WHERE id = $1 AND version = $5";
const DUE: &str = "SELECT id FROM refunds WHERE due_at <= $1 ORDER BY due_at LIMIT $3";
const CLAIM: &str = concat!(
    "UPDATE refunds SET due_at = $2 WHERE id IN (SELECT id FROM claimed) RETURNING ",
    columns!(),
    ", tries, round"
);
const NEXT: &str = "SELECT due_at FROM refunds WHERE due_at IS NOT NULL ORDER BY due_at LIMIT 1";
const POSTPONE: &str = "UPDATE refunds SET due_at = $4, tries = tries + 1, round = $5
    WHERE id = $1 AND version = $2 AND tries = $3";

/// Wakes the worker that asks the gateway for them.
pub const SIGNAL: &str = "refunds";

/// A refund that the gateway is to be asked for now.
#[derive(Clone, Debug)]
pub struct Due {
    /// The refund.
    pub refund: Refund,
    /// How often it was asked already, without an answer.
    pub tries: u32,
    /// How many of the gateway's answers were failures that it would repeat.
    pub round: u32,
}

impl FromRow for Refund {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let (id, version): (Uuid, i64) = (row.next()?, row.next()?);
        let (payment, order): (PaymentId, OrderId) = (row.next()?, row.next()?);
        Ok(Refund {
            id,
            version,
            payment,
            order,
            amount: super::money(row)?,
            reason: row.next()?,
            status: status(&row.next::<String>()?)?,
            created_at: row.next()?,
            updated_at: row.next()?,
        })
    }
}

fn status(word: &str) -> Result<RefundStatus, DbError> {
    let mut all = RefundStatus::ALL.into_iter();
    all.find(|status| status.as_str() == word)
        .ok_or_else(|| DbError::Corrupt(format!("a refund is {word:?}")))
}

impl FromRow for Due {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(Due {
            refund: Refund::from_row(row)?,
            tries: row.next()?,
            round: row.next()?,
        })
    }
}

/// Notes a refund, which the gateway is to be asked for at once.
pub async fn insert(tx: &mut Tx, refund: &Refund) -> Result<(), DbError> {
    let currency = refund.amount.currency();
    let params = params![
        refund.id,
        refund.version,
        refund.payment,
        refund.order,
        refund.amount.minor(),
        currency.as_str(),
        refund.reason.as_str(),
        refund.status.as_str(),
        refund.created_at,
        refund.updated_at,
        refund.created_at,
    ];
    tx.wake(SIGNAL);
    tx.execute(INSERT, &params).await.map(drop)
}

/// A refund, to look at.
pub async fn show(db: &Db, id: Uuid) -> Result<Option<Refund>, DbError> {
    db.opt(FIND, &params![id]).await
}

/// A refund.
pub async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Refund>, DbError> {
    tx.opt(FIND, &params![id]).await
}

/// Whether the gateway is still to be asked for a refund of this payment.
pub async fn is_open(tx: &mut Tx, payment: PaymentId) -> Result<bool, DbError> {
    let (open,): (i64,) = tx.one(OPEN, &params![payment]).await?;
    Ok(open > 0)
}

/// Saves how it ended: `false` when somebody else did so before.
pub async fn save(tx: &mut Tx, refund: &Refund) -> Result<bool, DbError> {
    let params = params![
        refund.id,
        refund.version,
        refund.status.as_str(),
        refund.updated_at,
        refund.version - 1,
    ];
    Ok(tx.execute(SAVE, &params).await? == 1)
}

/// Takes up to `limit` refunds that the gateway is to be asked for now. Nobody else takes them before `until`.
pub async fn claim(tx: &mut Tx, until: Timestamp, limit: u32) -> Result<Vec<Due>, DbError> {
    let now = tx.now();
    tx.claim(DUE, CLAIM, &params![now, until, limit]).await
}

/// When the gateway is to be asked for one next.
pub async fn next_due(db: &Db) -> Result<Option<Timestamp>, DbError> {
    let next: Option<(Timestamp,)> = db.opt(NEXT, &[]).await?;
    Ok(next.map(|(moment,)| moment))
}

/// Counts a try without an answer, and sets the time and the round of the next one.
pub async fn postpone(
    tx: &mut Tx,
    due: &Due,
    pause: SignedDuration,
    round: u32,
) -> Result<(), DbError> {
    let moment = tx.now().saturating_add(pause).unwrap_or(Timestamp::MAX);
    let params = params![due.refund.id, due.refund.version, due.tries, moment, round];
    tx.execute(POSTPONE, &params).await.map(drop)
}
