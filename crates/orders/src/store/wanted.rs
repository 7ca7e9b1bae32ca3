//! What a reservation stands on: its buyer, who is held, and the ticket. Asked for together.

use tessera_contracts::{OrderStatus, TicketId, UserId};
use tessera_platform::db::{DbError, FromRow, Row, Tx};
use tessera_platform::params;

use super::buyers;
use crate::domain::Ticket;

const TICKET: &str = "SELECT id, status, price, currency, starts_at, snapshot,
        (SELECT o.status FROM orders o WHERE o.ticket_id = tickets.id AND o.cancel_reason IS NULL),
        CAST(0 AS bigint)
    FROM tickets WHERE id = $1";
const TICKET_AND_COUNT: &str = "SELECT id, status, price, currency, starts_at, snapshot,
        (SELECT o.status FROM orders o WHERE o.ticket_id = tickets.id AND o.cancel_reason IS NULL),
        (SELECT count(*) FROM orders WHERE user_id = $2 AND unpaid = true)
    FROM tickets WHERE id = $1";

/// A ticket that somebody wants.
#[derive(Debug)]
pub struct Wanted {
    pub ticket: Ticket,
    /// Where the order stands that has it, if there is one.
    pub taken: Option<OrderStatus>,
    /// How many unpaid orders the buyer holds; 0 where nobody asked.
    pub unpaid: u32,
}

impl FromRow for Wanted {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        let _: TicketId = row.next()?;
        Ok(Wanted {
            ticket: Ticket::from_row(row)?,
            taken: row.parse_opt()?,
            unpaid: row.next()?,
        })
    }
}

/// Keeps the buyer until the end of the transaction, and answers whether they are gone, with the ticket. What it
/// counts is counted by nobody else meanwhile. A buyer who was never here is not known yet, and not kept.
pub async fn hold(
    tx: &mut Tx,
    ticket: TicketId,
    buyer: UserId,
    counts: bool,
) -> Result<(Option<bool>, Option<Wanted>), DbError> {
    let held = params![buyer];
    let found = params![ticket, buyer];
    let (sql, bound) = if counts {
        (TICKET_AND_COUNT, &found[..])
    } else {
        (TICKET, &found[..1])
    };
    let (held, wanted) = tx.hold_and_opt((buyers::HOLD, &held), (sql, bound)).await?;
    Ok((held.map(|(_, gone): (UserId, bool)| gone), wanted))
}
