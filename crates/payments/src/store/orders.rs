//! The table `orders`: what payments knows of them, from their events.
//!
//! An order's row is also the lock of its payments: whoever decides by where the order stands holds
//! it first, so that an order's end and an answer of the gateway never miss each other.

use tessera_contracts::{Currency, Money, OrderId, UserId};
use tessera_platform::db::{Db, DbError, FromRow, Row, Tx};
use tessera_platform::params;

use crate::domain::{Order, Terms};

// The columns are read in this order.
const SHOW: &str = "SELECT id, version, user_id, status, expires_at, total, currency, seller_id, title, price, seller_fee,
    declined FROM orders WHERE id = $1";
const SAVE: &str = "INSERT INTO orders (id, version, user_id, status, expires_at, total, currency, seller_id, title,
    price, seller_fee, declined)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, status = excluded.status,
        expires_at = excluded.expires_at, total = excluded.total, currency = excluded.currency,
        seller_id = excluded.seller_id, title = excluded.title, price = excluded.price,
        seller_fee = excluded.seller_fee
    WHERE orders.version < excluded.version";
const COUNT_DECLINE: &str = "UPDATE orders SET declined = $2 WHERE id = $1 AND declined = $3";

impl FromRow for Order {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let (id, version, user_id) = (row.next()?, row.next()?, row.next()?);
        let (status, expires_at, total) = (row.parse()?, row.next()?, super::money(row)?);
        Ok(Order {
            id,
            version,
            user_id,
            status,
            expires_at,
            total,
            terms: terms(row, total.currency())?,
            declined: row.next()?,
        })
    }
}

fn terms(row: &mut Row<'_>, currency: Currency) -> Result<Option<Terms>, DbError> {
    let (seller, title): (Option<UserId>, Option<String>) = (row.next()?, row.next()?);
    let (price, seller_fee): (Option<i64>, Option<i64>) = (row.next()?, row.next()?);
    let amounts = price.zip(seller_fee);
    let known = seller.zip(title).zip(amounts);
    Ok(known.map(|((seller, title), (price, seller_fee))| Terms {
        seller,
        title,
        price: Money::new(price, currency),
        seller_fee: Money::new(seller_fee, currency),
    }))
}

/// An order, to look at.
pub async fn show(db: &Db, id: OrderId) -> Result<Option<Order>, DbError> {
    db.opt(SHOW, &params![id]).await
}

/// An order, in a transaction.
pub async fn find(tx: &mut Tx, id: OrderId) -> Result<Option<Order>, DbError> {
    tx.opt(SHOW, &params![id]).await
}

/// An order, which nobody else changes until this transaction ends.
pub async fn hold(tx: &mut Tx, id: OrderId) -> Result<Option<Order>, DbError> {
    tx.hold(SHOW, &params![id]).await
}

/// Keeps what orders said, unless something newer is known: then it answers `false`. The count of
/// declined payments stays as it is.
pub async fn save(tx: &mut Tx, order: &Order) -> Result<bool, DbError> {
    let (currency, terms) = (order.total.currency(), order.terms.as_ref());
    let params = params![
        order.id,
        order.version,
        order.user_id,
        order.status.as_str(),
        order.expires_at,
        order.total.minor(),
        currency.as_str(),
        terms.map(|terms| terms.seller),
        terms.map(|terms| &terms.title),
        terms.map(|terms| terms.price.minor()),
        terms.map(|terms| terms.seller_fee.minor()),
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
