//! The table `tickets`: what orders knows of them, from their events.

use tessera_contracts::{Currency, Money, TicketId, UserId};
use tessera_platform::db::{Db, DbError, FromRow, Row, Tx};
use tessera_platform::params;

use crate::domain::Ticket;

const FIND: &str = "SELECT status, price, currency, starts_at, snapshot FROM tickets WHERE id = $1";
// In one statement, so that the count costs no way to the server of its own.
const FIND_AND_COUNT: &str = "SELECT status, price, currency, starts_at, snapshot,
        (SELECT count(*) FROM orders WHERE user_id = $2 AND unpaid = true)
    FROM tickets WHERE id = $1";
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

/// A ticket, and how many unpaid orders the buyer holds who wants it.
struct Wanted {
    ticket: Ticket,
    unpaid: u32,
}

impl FromRow for Wanted {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(Wanted {
            ticket: Ticket::from_row(row)?,
            unpaid: row.next()?,
        })
    }
}

/// A ticket, to reserve it.
pub async fn find(tx: &mut Tx, id: TicketId) -> Result<Option<Ticket>, DbError> {
    tx.opt(FIND, &params![id]).await
}

/// A ticket, to reserve it, and how many unpaid orders the buyer holds.
pub async fn find_and_count(
    tx: &mut Tx,
    id: TicketId,
    buyer: UserId,
) -> Result<Option<(Ticket, u32)>, DbError> {
    let found: Option<Wanted> = tx.opt(FIND_AND_COUNT, &params![id, buyer]).await?;
    Ok(found.map(|Wanted { ticket, unpaid }| (ticket, unpaid)))
}

/// Whether tickets has told of it yet.
pub async fn is_known(db: &Db, id: TicketId) -> Result<bool, DbError> {
    let found: Option<(i64,)> = db.opt(IS_KNOWN, &params![id]).await?;
    Ok(found.is_some())
}

/// Keeps what tickets said, unless something newer is known: then it answers `false`.
pub async fn save(tx: &mut Tx, ticket: &Ticket) -> Result<bool, DbError> {
    let snapshot = serde_json::to_string(&ticket.snapshot)
        .map_err(|error| DbError::Corrupt(error.to_string()))?;
    let params = params![
        ticket.snapshot.id,
        ticket.snapshot.version,
        ticket.snapshot.user_id,
        ticket.status.as_str(),
        ticket.price.minor(),
        ticket.price.currency().as_str().to_owned(),
        ticket.starts_at,
        snapshot,
    ];
    Ok(tx.execute(SAVE, &params).await? == 1)
}
