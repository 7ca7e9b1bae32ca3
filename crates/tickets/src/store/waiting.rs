//! The table `waiting`: the orders behind the holder of a ticket.

use tessera_contracts::{OrderId, TicketId};
use tessera_platform::db::{DbError, FromRow, Row, Tx};
use tessera_platform::params;

use crate::domain::Waiting;

const ADD: &str = "INSERT INTO waiting (order_id, ticket_id, ticket_version) VALUES ($1, $2, $3)";
const BEHIND: &str =
    "SELECT order_id, ticket_version FROM waiting WHERE ticket_id = $1 ORDER BY order_id DESC";
const REMOVE: &str = "DELETE FROM waiting WHERE order_id = $1";

impl FromRow for Waiting {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(Waiting {
            order_id: row.next()?,
            seen: row.next()?,
        })
    }
}

/// Lets an order wait.
pub async fn add(tx: &mut Tx, ticket: TicketId, waiting: Waiting) -> Result<(), DbError> {
    let params = params![waiting.order_id, ticket, waiting.seen];
    tx.execute(ADD, &params).await.map(drop)
}

/// All that wait for a ticket, the newest first. They are few: each has ended at orders, and the
/// news of it is on its way, except perhaps the newest.
pub async fn behind(tx: &mut Tx, ticket: TicketId) -> Result<Vec<Waiting>, DbError> {
    tx.all(BEHIND, &params![ticket]).await
}

/// Ends the wait of an order: `false` when it did not wait.
pub async fn remove(tx: &mut Tx, order: OrderId) -> Result<bool, DbError> {
    Ok(tx.execute(REMOVE, &params![order]).await? == 1)
}
