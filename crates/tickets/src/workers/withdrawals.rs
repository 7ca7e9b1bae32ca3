//! Withdraws the listings of users who are gone, a portion at a time.
//!
//! Those that an order holds are left to their release.

use tessera_platform::BoxFuture;
use tessera_platform::db::{Db, DbError, Tx};
use tessera_platform::worker::{Next, Worker, WorkerError};

use super::PORTION;
use crate::operations::withdraw_free;
use crate::store::{sellers, tickets};

/// Wakes it.
pub const SIGNAL: &str = "withdrawals";

/// The worker.
pub struct Withdrawals(pub Db);

impl Worker for Withdrawals {
    fn name(&self) -> &'static str {
        "withdrawals"
    }

    fn signal(&self) -> Option<&'static str> {
        Some(SIGNAL)
    }

    fn run(&self) -> BoxFuture<'_, Result<Next, WorkerError>> {
        Box::pin(async move {
            let sweep = self.0.write_bulk((), |tx, ()| Box::pin(sweep(tx)));
            Ok(if sweep.await? {
                Next::Again
            } else {
                Next::Idle
            })
        })
    }
}

/// Sweeps one portion; answers whether there was anything to do.
async fn sweep(tx: &mut Tx) -> Result<bool, DbError> {
    let Some((user, from)) = sellers::unswept(tx).await? else {
        return Ok(false);
    };
    let listings = tickets::of_seller(tx, user, from, PORTION).await?;
    match listings.last().map(|ticket| ticket.id) {
        Some(last) if sellers::swept_to(tx, user, from, last).await? => {}
        // Another process took this portion.
        Some(_) => return Ok(true),
        None => sellers::swept(tx, user).await?,
    }
    for ticket in listings {
        withdraw_free(tx, ticket).await?;
    }
    Ok(true)
}
