//! Lists a ticket.

use tessera_contracts::events::EventData;
use tessera_contracts::{TicketId, UserId};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::http::Failure;
use tessera_platform::outbox;

use crate::domain::{Details, Ticket};
use crate::store::{market, sellers, tickets};

/// A seller's offer.
#[derive(Clone, Debug)]
pub struct Create {
    pub id: TicketId,
    pub user_id: UserId,
    pub details: Details,
}

/// Why a ticket was not listed.
#[derive(Debug, thiserror::Error)]
pub enum CreateError {
    #[error("the seller's account is gone")]
    Gone,
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Puts the ticket on the market.
pub async fn create(tx: &mut Tx, command: &Create) -> Result<Ticket, CreateError> {
    if sellers::hold(tx, command.user_id).await? {
        return Err(CreateError::Gone);
    }
    let Create {
        id,
        user_id,
        details,
    } = command.clone();
    let ticket = Ticket::list(id, user_id, details, tx.now());
    tickets::insert(tx, &ticket).await?;
    market::arrange(tx, &ticket).await?;
    outbox::append(tx, EventData::TicketCreated(super::state(&ticket))).await?;
    Ok(ticket)
}

impl From<CreateError> for Failure {
    fn from(error: CreateError) -> Failure {
        match error {
            // Its tokens live on for a while, but nobody is behind them.
            CreateError::Gone => Failure::unauthorized(),
            CreateError::Db(error) => error.into(),
        }
    }
}
