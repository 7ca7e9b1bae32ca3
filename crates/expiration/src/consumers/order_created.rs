//! `order:created`: its deadline waits from now on.

use tessera_contracts::events::OrderState;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::{store, workers};

pub async fn handle(tx: &mut Tx, order: &OrderState) -> Result<Outcome, ConsumeError> {
    if !store::wait(tx, order).await? {
        return Ok(Outcome::Ignored("the order is known, or has ended"));
    }
    // It may be the earliest of all. Asking whether it is would cost more than looking once.
    tx.wake(workers::SIGNAL);
    Ok(Outcome::Done)
}
