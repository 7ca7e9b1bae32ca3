//! Records that the gateway did not answer: it is asked again, a little later each time.

use tessera_platform::db::{DbError, Tx};

use crate::domain::pause_after;
use crate::store::payments::{self, Due};

/// Sets the time of the next try. When somebody else did so before, or has had an answer, nothing is
/// left to do.
pub async fn postpone(tx: &mut Tx, due: &Due) -> Result<(), DbError> {
    let pause = pause_after(due.tries.saturating_add(1));
    payments::postpone(tx, due, pause).await.map(drop)
}
