//! The table `orders`: what payments knows of them, from their events.
//!
//! An order's row is also the lock of its payments: whoever decides by where the order stands holds
//! it first, so that an order's end and an answer of the gateway never miss each other.

use tessera_contracts::OrderId;
use tessera_platform::db::{Db, DbError, FromRow, Row, Tx};
use tessera_platform::params;

use crate::domain::Order;

// The columns are read in this order.
const SHOW: &str = "SELECT id, version, user_id, status, expires_at, total, currency, declined FROM orders WHERE id = $1";
const SAVE: &str =
    "INSERT INTO orders (id, version, user_id, status, expires_at, total, currency, declined)
    VALUES ($1, $2, $3, $4, $5, $6, $7, 0)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, status = excluded.status,
        expires_at = excluded.expires_at, total = excluded.total, currency = excluded.currency
    WHERE orders.version < excluded.version";
const COUNT_DECLINE: &str = "UPDATE orders SET declined = $2 WHERE id = $1 AND declined = $3";

impl FromRow for Order {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(Order {
            id: row.next()?,
            version: row.next()?,
            user_id: row.next()?,
            status: row.parse()?,
            expires_at: row.next()?,
            total: super::money(row)?,
            declined: row.next()?,
        })
    }
}

/// An order, to look at.
pub async fn show(db: &Db, id: OrderId) -> Result<Option<Order>, DbError> {
    db.opt(SHOW, &params![id]).await
}

/// An order, which nobody else changes until this transaction ends.
pub async fn hold(tx: &mut Tx, id: OrderId) -> Result<Option<Order>, DbError> {
    tx.hold(SHOW, &params![id]).await
}

/// Keeps what orders said, unless something newer is known: then it answers `false`. The count of
/// declined payments stays as it is.
pub async fn save(tx: &mut Tx, order: &Order) -> Result<bool, DbError> {
    let currency = order.total.currency();
    let params = params![
        order.id,
        order.version,
        order.user_id,
        order.status.as_str(),
        order.expires_at,
        order.total.minor(),
        currency.as_str(),
    ];
    Ok(tx.execute(SAVE, &params).await? == 1)
}

/// Saves the count of an order that is held and has one more declined payment.
pub async fn count_decline(tx: &mut Tx, order: &Order) -> Result<(), DbError> {
    let before = order.declined.saturating_sub(1);
    let params = params![order.id, order.declined, before];
    match tx.execute(COUNT_DECLINE, &params).await? {
        1 => Ok(()),
        _ => Err(DbError::Corrupt(format!("order {} was not held", order.id))),
    }
}
