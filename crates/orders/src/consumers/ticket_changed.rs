//! `ticket:created`, `ticket:updated`: keeps the copy, and hears the answer to an order.

use tessera_contracts::events::{OrderTicket, TicketState};
use tessera_contracts::{MoneyError, TicketStatus};
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::domain::{Order, Ticket};
use crate::operations::take_step;
use crate::store::tickets;

/// The answer counts by its order alone: it may come after newer news of the ticket.
pub async fn handle(tx: &mut Tx, state: &TicketState) -> Result<Outcome, ConsumeError> {
    let ticket = match replica(state) {
        Ok(ticket) => ticket,
        Err(error) => return Ok(Outcome::Reject(error.to_string())),
    };
    // The model: services::orders::ticket_changed.
    match state.order_id {
        Some(order) if state.status == TicketStatus::Reserved => {
            let order = tickets::save_and_hold(tx, &ticket, order).await?;
            let taken = take_step(tx, order, Order::locked).await?;
            taken.outcome("the order waits for no lock")
        }
        _ if tickets::save(tx, &ticket).await? => Ok(Outcome::Done),
        _ => Ok(Outcome::Ignored("a newer version is known")),
    }
}

fn replica(state: &TicketState) -> Result<Ticket, MoneyError> {
    Ok(Ticket {
        status: state.status,
        price: state.price()?,
        starts_at: state.starts_at,
        snapshot: OrderTicket {
            id: state.id,
            version: state.version,
            user_id: state.user_id,
            title: state.title.clone(),
            price: state.price.clone(),
            currency: state.currency,
            venue: state.venue.clone(),
            city: state.city.clone(),
            country: state.country.clone(),
            starts_at: state.starts_at,
            time_zone: state.time_zone.clone(),
            section: state.section.clone(),
            row: state.row.clone(),
            seat: state.seat.clone(),
        },
    })
}
