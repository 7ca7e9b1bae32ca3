//! Reserves a ticket: the insert that the unique index lets pass has it.

use tessera_contracts::{OrderStatus, TicketId};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::http::Failure;
use tessera_platform::outbox;

use crate::domain::{Order, Reservation, ReserveRefusal, Rules};
use crate::store::{orders, tickets};

/// A buyer's wish, and the rules that it stands under.
#[derive(Clone, Debug)]
pub struct Reserve {
    pub ticket_id: TicketId,
    pub wish: Reservation,
    pub rules: Rules,
}

/// Why a ticket was not reserved.
#[derive(Debug, thiserror::Error)]
pub enum ReserveError {
    #[error("there is no such ticket")]
    NoTicket,
    #[error("refused: {0:?}")]
    Refused(ReserveRefusal),
    #[error("another order has it")]
    Taken,
    #[error("it is sold")]
    Sold,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Takes the lock for the buyer.
pub async fn reserve(tx: &mut Tx, command: &Reserve) -> Result<Order, ReserveError> {
    let Reserve {
        ticket_id,
        wish,
        rules,
    } = command;
    let ticket = tickets::find(tx, *ticket_id)
        .await?
        .ok_or(ReserveError::NoTicket)?;
    let unpaid = match rules.most_unpaid {
        Some(_) => orders::count_unpaid(tx, wish.user_id).await?,
        None => 0,
    };
    let order = ticket
        .reserve(wish, *rules, unpaid, tx.now())
        .map_err(ReserveError::Refused)?;
    if !orders::insert(tx, &order).await? {
        return Err(match orders::live_status(tx, *ticket_id).await? {
            Some(OrderStatus::Complete) => ReserveError::Sold,
            _ => ReserveError::Taken,
        });
    }
    outbox::append(tx, super::event(&order)).await?;
    Ok(order)
}

impl From<ReserveError> for Failure {
    fn from(error: ReserveError) -> Failure {
        match error {
            ReserveError::NoTicket => {
                Failure::not_found("ticket_not_found", "There is no such ticket.")
            }
            ReserveError::Refused(refusal) => refusal.into(),
            ReserveError::Taken => Failure::conflict(
                "ticket_reserved",
                "Somebody else is buying this ticket right now.",
            ),
            ReserveError::Sold => Failure::conflict("ticket_sold", "This ticket is sold."),
            ReserveError::Db(error) => error.into(),
        }
    }
}

impl From<ReserveRefusal> for Failure {
    fn from(refusal: ReserveRefusal) -> Failure {
        match refusal {
            ReserveRefusal::OwnTicket => {
                Failure::forbidden("own_ticket", "You cannot buy your own ticket.")
            }
            ReserveRefusal::Withdrawn => {
                Failure::conflict("ticket_withdrawn", "This ticket is no longer for sale.")
            }
            ReserveRefusal::Over => {
                Failure::conflict("event_over", "The event of this ticket has already begun.")
            }
            ReserveRefusal::PriceChanged => Failure::conflict(
                "price_changed",
                "The price of this ticket has changed since you saw it.",
            ),
            ReserveRefusal::TooManyUnpaid(most) => Failure::conflict(
                "too_many_orders",
                format!(
                    "You hold {most} unpaid orders, and may not hold more. Pay or cancel one first."
                ),
            ),
        }
    }
}
