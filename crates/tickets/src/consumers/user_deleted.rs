//! `user:deleted`: a seller is gone. Their listings are many, perhaps: a worker withdraws them.

use tessera_contracts::events::UserState;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::store::sellers;
use crate::workers::WITHDRAWALS;

pub async fn handle(tx: &mut Tx, user: &UserState) -> Result<Outcome, ConsumeError> {
    if !sellers::leave(tx, user.id).await? {
        return Ok(Outcome::Ignored("it is known already"));
    }
    tx.wake(WITHDRAWALS);
    Ok(Outcome::Done)
}
