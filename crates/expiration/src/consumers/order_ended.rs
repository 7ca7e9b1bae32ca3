//! `order:cancelled`, `order:completed`: its deadline is of no interest any more.

use tessera_contracts::events::OrderState;
use tessera_platform::consumer::{ConsumeError, Outcome};
use tessera_platform::db::Tx;

use crate::store;

pub async fn handle(tx: &mut Tx, order: &OrderState) -> Result<Outcome, ConsumeError> {
    if store::end(tx, order).await? {
        Ok(Outcome::Done)
    } else {
        Ok(Outcome::Ignored("a newer version is known"))
    }
}
