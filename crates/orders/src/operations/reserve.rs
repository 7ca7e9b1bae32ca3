//! Reserves a ticket: the insert that the unique index lets pass has it.

use std::time::Duration;

use jiff::Timestamp;
use tessera_contracts::{OrderStatus, TicketId};
use tessera_platform::arrival;
use tessera_platform::db::{DbError, Tx};
use tessera_platform::http::Failure;
use tessera_platform::outbox;

use crate::domain::{Order, Reservation, ReserveRefusal, Rules};
use crate::store::{buyers, orders, wanted};

const NO_TICKET: &str = "ticket_not_found";

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
    #[error("the buyer's account is gone")]
    Gone,
    #[error("there is no such ticket")]
    NoTicket,
    #[error("tickets has not told of it, and may do so yet")]
    NotHeardOf,
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
    // Who is refused is so before anything is written: the buyer is added where only that is lacking.
    let (mut is_held, mut order) = ask(tx, command).await?;
    if !is_held {
        buyers::add(tx, command.wish.user_id).await?;
        (is_held, order) = ask(tx, command).await?;
    }
    if !is_held {
        return Err(tx.conflict().into());
    }
    // The model: services::orders::reserve.
    if !orders::insert(tx, &order).await? {
        let taken = orders::live_status(tx, command.ticket_id).await?;
        return Err(lost_to(taken));
    }
    outbox::append(tx, super::event(&order)).await?;
    Ok(order)
}

/// The order that the buyer would get, and whether the buyer is held already.
async fn ask(tx: &mut Tx, command: &Reserve) -> Result<(bool, Order), ReserveError> {
    let Reserve {
        ticket_id,
        wish,
        rules,
    } = command;
    let counts = rules.most_unpaid.is_some();
    let (gone, wanted) = wanted::hold(tx, *ticket_id, wish.user_id, counts).await?;
    if gone == Some(true) {
        return Err(ReserveError::Gone);
    }
    let wanted = wanted.ok_or_else(|| unknown(*ticket_id, tx.now()))?;
    let order = wanted
        .ticket
        .reserve(wish, *rules, wanted.unpaid, tx.now())
        .map_err(ReserveError::Refused)?;
    // Most who are too late are told so by this read; the insert decides.
    if wanted.taken.is_some() {
        return Err(lost_to(wanted.taken));
    }
    Ok((gone.is_some(), order))
}

fn lost_to(status: Option<OrderStatus>) -> ReserveError {
    match status {
        Some(OrderStatus::Complete) => ReserveError::Sold,
        _ => ReserveError::Taken,
    }
}

fn unknown(id: TicketId, now: Timestamp) -> ReserveError {
    if arrival::is_young(id.uuid(), now) {
        ReserveError::NotHeardOf
    } else {
        ReserveError::NoTicket
    }
}

/// Whether what failed may not do so in a moment: the ticket can be on its way here.
pub fn is_not_heard_of(failure: &Failure) -> bool {
    failure.code() == NO_TICKET && !failure.is_final()
}

impl From<ReserveError> for Failure {
    fn from(error: ReserveError) -> Failure {
        match error {
            // Its tokens live on for a while, but nobody is behind them.
            ReserveError::Gone => Failure::unauthorized(),
            ReserveError::NoTicket => Failure::not_found(NO_TICKET, "There is no such ticket."),
            // It says when to come back, and so is kept under no key.
            ReserveError::NotHeardOf => {
                Failure::from(ReserveError::NoTicket).retry_after(Duration::from_secs(1))
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

#[cfg(test)]
mod tests {
    use uuid::{Builder, Uuid};

    use super::*;

    #[test]
    fn that_a_ticket_is_not_heard_of_yet_is_no_last_word() {
        let now: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let millis = u64::try_from(now.as_millisecond()).unwrap();
        let young = Builder::from_unix_timestamp_millis(millis, &[7; 10]).into_uuid();
        for (id, is_final) in [(young, false), (Uuid::from_u128(5), true)] {
            let failure = Failure::from(unknown(id.into(), now));
            assert_eq!(failure.code(), "ticket_not_found");
            assert_eq!(failure.is_final(), is_final);
            assert_eq!(is_not_heard_of(&failure), !is_final);
        }
    }
}
