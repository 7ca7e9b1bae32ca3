//! The table `orders`, whose unique index is the lock.

use tessera_contracts::{CancelReason, Currency, Money, OrderId, OrderStatus, TicketId, UserId};
use tessera_platform::db::{Db, DbError, FromRow, Row, Tx};
use tessera_platform::params;

use crate::domain::{Amounts, Order, State};

/// The columns of an [`Order`], in the order in which it reads them.
macro_rules! columns {
    () => {
        "id, version, user_id, status, cancel_reason, expires_at, price, fee, total, seller_fee, currency,
        snapshot, created_at, updated_at"
    };
}

pub(super) const FIND: &str = concat!("SELECT ", columns!(), " FROM orders WHERE id = $1");
// Two stretches of one index, each in the order of its ids, and the newest of both.
const LIST: &str = concat!(
    "SELECT * FROM (SELECT ",
    columns!(),
    " FROM orders WHERE user_id = $1 AND unpaid = true AND id < $2 ORDER BY id DESC LIMIT $3) AS unpaid
    UNION ALL SELECT * FROM (SELECT ",
    columns!(),
    " FROM orders WHERE user_id = $1 AND unpaid = false AND id < $2 ORDER BY id DESC LIMIT $3) AS ended
    ORDER BY id DESC LIMIT $3"
);
macro_rules! insert {
    () => {
        "INSERT INTO orders (id, version, user_id, status, unpaid, expires_at, price, fee, total,
        seller_fee, currency, ticket_id, snapshot, created_at, updated_at)
        VALUES ($1, $2, $3, $4, true, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    };
}

const INSERT: &str = insert!();
const INSERT_OR_NOTHING: &str = concat!(
    insert!(),
    " ON CONFLICT (ticket_id) WHERE cancel_reason IS NULL DO NOTHING"
);
// One statement for each column that an index looks at: naming it is what costs.
const SAVE_LOCKED: &str = "UPDATE orders SET version = $2, status = $3, updated_at = $4
    WHERE id = $1 AND version = $5";
const SAVE_COMPLETE: &str =
    "UPDATE orders SET version = $2, status = $3, updated_at = $4, unpaid = false
    WHERE id = $1 AND version = $5";
const SAVE_CANCELLED: &str =
    "UPDATE orders SET version = $2, status = $3, updated_at = $4, unpaid = false, cancel_reason = $6
    WHERE id = $1 AND version = $5";
const LIVE_STATUS: &str =
    "SELECT status FROM orders WHERE ticket_id = $1 AND cancel_reason IS NULL";
const UNPAID: &str = "SELECT id FROM orders WHERE user_id = $1 AND unpaid = true ORDER BY id";

impl FromRow for Order {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let (id, version, user_id) = (row.next()?, row.next()?, row.next()?);
        let state = state(row.parse()?, row.parse_opt()?)?;
        let expires_at = row.next()?;
        let (price, fee, total): (i64, i64, i64) = (row.next()?, row.next()?, row.next()?);
        let seller_fee = row.next()?;
        let currency: Currency = row.parse()?;
        let amounts = Amounts {
            price: Money::new(price, currency),
            fee: Money::new(fee, currency),
            total: Money::new(total, currency),
            seller_fee: Money::new(seller_fee, currency),
        };
        let ticket = super::json(row)?;
        let (created_at, updated_at) = (row.next()?, row.next()?);
        Ok(Order {
            id,
            version,
            user_id,
            state,
            expires_at,
            amounts,
            ticket,
            created_at,
            updated_at,
        })
    }
}

fn state(status: OrderStatus, reason: Option<CancelReason>) -> Result<State, DbError> {
    match (status, reason) {
        (OrderStatus::Created, None) => Ok(State::Created),
        (OrderStatus::AwaitingPayment, None) => Ok(State::AwaitingPayment),
        (OrderStatus::Complete, None) => Ok(State::Complete),
        (OrderStatus::Cancelled, Some(reason)) => Ok(State::Cancelled(reason)),
        (status, reason) => Err(DbError::Corrupt(format!(
            "order {status} with cancel reason {reason:?}"
        ))),
    }
}

/// An order, to look at it.
pub async fn find(tx: &mut Tx, id: OrderId) -> Result<Option<Order>, DbError> {
    tx.opt(FIND, &params![id]).await
}

/// An order, to change it: nobody else does so until the transaction ends.
pub async fn hold(tx: &mut Tx, id: OrderId) -> Result<Option<Order>, DbError> {
    tx.hold(FIND, &params![id]).await
}

/// An order, to show it.
pub async fn show(db: &Db, id: OrderId) -> Result<Option<Order>, DbError> {
    db.opt(FIND, &params![id]).await
}

/// A buyer's orders before `before`, the newest first.
pub async fn list(
    db: &Db,
    user: UserId,
    before: OrderId,
    limit: i64,
) -> Result<Vec<Order>, DbError> {
    db.list(LIST, &params![user, before, limit]).await
}

/// Takes the lock: `false` when another live order has the ticket.
pub async fn insert(tx: &mut Tx, order: &Order) -> Result<bool, DbError> {
    let snapshot = serde_json::to_string(&order.ticket)
        .map_err(|error| DbError::Corrupt(error.to_string()))?;
    let params = params![
        order.id,
        order.version,
        order.user_id,
        order.state.status().as_str(),
        order.expires_at,
        order.amounts.price.minor(),
        order.amounts.fee.minor(),
        order.amounts.total.minor(),
        order.amounts.seller_fee.minor(),
        order.amounts.total.currency().as_str().to_owned(),
        order.ticket.id,
        snapshot,
        order.created_at,
        order.updated_at,
    ];
    tx.insert_or_nothing(INSERT, INSERT_OR_NOTHING, &params)
        .await
}

/// Saves a change: `false` when the order is no longer of the version before it.
pub async fn save(tx: &mut Tx, order: &Order) -> Result<bool, DbError> {
    let mut params = params![
        order.id,
        order.version,
        order.state.status().as_str(),
        order.updated_at,
        order.version - 1,
    ]
    .to_vec();
    let sql = match order.state {
        State::Created | State::AwaitingPayment => SAVE_LOCKED,
        State::Complete => SAVE_COMPLETE,
        State::Cancelled(reason) => {
            params.push(reason.as_str().into());
            SAVE_CANCELLED
        }
    };
    Ok(tx.execute(sql, &params).await? == 1)
}

/// Where the order stands that has the ticket, if there is one.
pub async fn live_status(tx: &mut Tx, ticket: TicketId) -> Result<Option<OrderStatus>, DbError> {
    struct Live(OrderStatus);
    impl FromRow for Live {
        fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
            row.parse().map(Live)
        }
    }
    let live: Option<Live> = tx.opt(LIVE_STATUS, &params![ticket]).await?;
    Ok(live.map(|Live(status)| status))
}

/// The unpaid orders of a buyer.
pub async fn unpaid(tx: &mut Tx, user: UserId) -> Result<Vec<(OrderId,)>, DbError> {
    tx.all(UNPAID, &params![user]).await
}
