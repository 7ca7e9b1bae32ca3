//! What can be done to a listing: each operation loads, decides, saves, and appends its events, in
//! the transaction that it is given.

mod create;
mod edit;
mod lock;
mod own;
#[cfg(test)]
mod races;
mod release;
mod sell;
mod withdraw;

pub use create::{Create, create};
pub use edit::{Edit, edit};
pub use lock::{Locked, lock};
pub use own::OwnError;
pub use release::{ReleaseError, release};
pub use sell::{SellError, sell};
pub use withdraw::{Withdraw, withdraw, withdraw_free};

use tessera_contracts::events::{EventData, TicketRefused, TicketState};
use tessera_contracts::{OrderId, RefusalReason, TicketId};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::outbox;

use crate::domain::{Details, Ticket};

/// The event data that tells of the state that a listing has come to.
fn state(ticket: &Ticket) -> TicketState {
    let Details {
        title,
        price,
        category,
        venue,
        city,
        country,
        starts_at,
        time_zone,
        section,
        row,
        seat,
    } = ticket.details.clone();
    TicketState {
        id: ticket.id,
        version: ticket.version,
        edit_version: Some(ticket.edit_version),
        user_id: ticket.user_id,
        title: title.into(),
        price: price.amount(),
        currency: price.currency(),
        status: ticket.state.status(),
        order_id: ticket.state.order_id(),
        category: category.map(String::from),
        venue: venue.map(String::from),
        city: city.map(String::from),
        country: country.map(String::from),
        starts_at,
        time_zone: time_zone.map(String::from),
        section: section.map(String::from),
        row: row.map(String::from),
        seat: seat.map(String::from),
        created_at: ticket.created_at,
        updated_at: ticket.updated_at,
    }
}

/// Tells that a listing changed.
async fn tell_updated(tx: &mut Tx, ticket: &Ticket) -> Result<(), DbError> {
    outbox::append(tx, EventData::TicketUpdated(state(ticket))).await
}

/// Tells an order that it does not get the ticket, of which `version` was looked at.
async fn tell_refused(
    tx: &mut Tx,
    id: TicketId,
    version: i64,
    order_id: OrderId,
    reason: RefusalReason,
) -> Result<(), DbError> {
    let refused = TicketRefused {
        id,
        version,
        order_id,
        reason,
    };
    outbox::append(tx, EventData::TicketRefused(refused)).await
}

/// Goes on if a guarded statement found what it expects. Otherwise somebody else changed it since it was
/// read: nothing stays, and it is all done again.
fn guarded(tx: &mut Tx, found: bool) -> Result<(), DbError> {
    if found { Ok(()) } else { Err(tx.conflict()) }
}
