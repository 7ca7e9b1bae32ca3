//! Finds the listing that somebody wants to change, if it is theirs.

use tessera_contracts::{TicketId, UserId};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::http::Failure;

use crate::domain::{Refused, State, Ticket};
use crate::store::tickets;

/// Why a seller's change was not made: the same for an edit and a withdrawal.
#[derive(Debug, thiserror::Error)]
pub enum OwnError {
    #[error("there is no such ticket")]
    NoTicket,
    #[error("it is another's")]
    NotYours,
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("it is not of the version that was named")]
    VersionChanged,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// The listing `id` of the seller `user`, held until the end of the transaction.
pub(super) async fn find_own(tx: &mut Tx, id: TicketId, user: UserId) -> Result<Ticket, OwnError> {
    let ticket = tickets::hold(tx, id).await?.ok_or(OwnError::NoTicket)?;
    if ticket.user_id == user {
        Ok(ticket)
    } else {
        Err(OwnError::NotYours)
    }
}

impl From<OwnError> for Failure {
    fn from(error: OwnError) -> Failure {
        match error {
            OwnError::NoTicket => {
                Failure::not_found("ticket_not_found", "There is no such ticket.")
            }
            OwnError::NotYours => {
                Failure::forbidden("not_your_ticket", "This ticket is not yours.")
            }
            OwnError::Refused(Refused(state)) => unchangeable(state),
            OwnError::VersionChanged => Failure::precondition_failed(),
            OwnError::Db(error) => error.into(),
        }
    }
}

fn unchangeable(state: State) -> Failure {
    match state {
        State::Reserved(_) => Failure::conflict(
            "ticket_reserved",
            "Somebody is buying this ticket, so it cannot be changed right now.",
        ),
        State::Sold(_) => Failure::conflict("ticket_sold", "This ticket is sold."),
        State::Withdrawn => Failure::conflict("ticket_withdrawn", "This ticket was withdrawn."),
        State::Available => Failure::internal("a change of a free listing was refused"),
    }
}
