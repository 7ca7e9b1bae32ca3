//! The table `tickets`: what orders knows of them, from their events.

use tessera_contracts::{Currency, Money, OrderId, TicketId};
use tessera_platform::db::{Db, DbError, FromRow, Param, Row, Tx};
use tessera_platform::params;

use crate::domain::{Order, Ticket};

const IS_KNOWN: &str = "SELECT 1 FROM tickets WHERE id = $1";
const SAVE: &str = "INSERT INTO tickets (id, version, seller_id, status, price, currency, starts_at, snapshot)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (id) DO UPDATE SET version = excluded.version, status = excluded.status, price = excluded.price,
        currency = excluded.currency, starts_at = excluded.starts_at, snapshot = excluded.snapshot
    WHERE tickets.version < excluded.version";

impl FromRow for Ticket {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let status = row.parse()?;
        let minor = row.next()?;
        let currency: Currency = row.parse()?;
        let price = Money::new(minor, currency);
        Ok(Ticket {
            status,
            price,
            starts_at: row.next()?,
            snapshot: super::json(row)?,
        })
    }
}

/// Whether tickets has told of it yet.
pub async fn is_known(db: &Db, id: TicketId) -> Result<bool, DbError> {
    let found: Option<(i64,)> = db.opt(IS_KNOWN, &params![id]).await?;
    Ok(found.is_some())
}

/// Keeps what tickets said, unless something newer is known: then it answers `false`.
pub async fn save(tx: &mut Tx, ticket: &Ticket) -> Result<bool, DbError> {
    Ok(tx.execute(SAVE, &saved(ticket)?).await? == 1)
}

/// The same, and the order that it is about, held: they are asked for together.
pub async fn save_and_hold(
    tx: &mut Tx,
    ticket: &Ticket,
    order: OrderId,
) -> Result<Option<Order>, DbError> {
    let (save, order) = (saved(ticket)?, params![order]);
    let both = tx.execute_and_hold((SAVE, &save), (super::orders::FIND, &order));
    let (_, order) = both.await?;
    Ok(order)
}

fn saved(ticket: &Ticket) -> Result<[Param<'static>; 8], DbError> {
    let snapshot = serde_json::to_string(&ticket.snapshot)
        .map_err(|error| DbError::Corrupt(error.to_string()))?;
    Ok(params![
        ticket.snapshot.id,
        ticket.snapshot.version,
        ticket.snapshot.user_id,
        ticket.status.as_str(),
        ticket.price.minor(),
        ticket.price.currency().as_str().to_owned(),
        ticket.starts_at,
        snapshot,
    ])
}
