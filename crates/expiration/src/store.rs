//! The table `deadlines`: the only place that knows it, and where each of its changes is guarded.

use jiff::Timestamp;
use tessera_contracts::OrderId;
use tessera_contracts::events::OrderState;
use tessera_platform::db::{Db, DbError, Tx};
use tessera_platform::params;

const WAIT: &str = "INSERT INTO deadlines (order_id, version, state, expires_at, changed_at)
    VALUES ($1, $2, 'waiting', $3, $4)
    ON CONFLICT (order_id) DO NOTHING";
const END: &str = "INSERT INTO deadlines (order_id, version, state, expires_at, changed_at)
    VALUES ($1, $2, 'ended', $3, $4)
    ON CONFLICT (order_id) DO UPDATE
        SET version = excluded.version, state = 'ended', changed_at = excluded.changed_at
        WHERE deadlines.version < excluded.version";
const NEXT: &str = "SELECT expires_at FROM deadlines WHERE state = 'waiting'
    ORDER BY expires_at LIMIT 1";
const DUE: &str = "SELECT order_id FROM deadlines WHERE state = 'waiting' AND expires_at <= $1
    ORDER BY expires_at LIMIT 500";
const TELL: &str = "UPDATE deadlines SET state = 'told', changed_at = $1
    WHERE state = 'waiting' AND order_id IN (SELECT order_id FROM claimed)
    RETURNING expires_at, order_id";
// The second look is for a row that another transaction changes meanwhile.
const PRUNE: &str = "DELETE FROM deadlines WHERE order_id IN (
    SELECT order_id FROM deadlines WHERE state <> 'waiting' AND changed_at <= $1
    ORDER BY changed_at LIMIT 500)
    AND state <> 'waiting' AND changed_at <= $1";

/// How many rows one round of pruning takes, as its statement says.
const PORTION: u64 = 500;

/// Notes the deadline of an order, which is created once: `false` when the order is known, be it by
/// its end.
pub async fn wait(tx: &mut Tx, order: &OrderState) -> Result<bool, DbError> {
    let now = tx.now();
    let params = params![order.id, order.version, order.expires_at, now];
    Ok(tx.execute(WAIT, &params).await? == 1)
}

/// Notes that an order ended, also where it is not known yet: its `order:created` may come late.
/// `false` when the order is known as it is or newer.
pub async fn end(tx: &mut Tx, order: &OrderState) -> Result<bool, DbError> {
    let now = tx.now();
    let params = params![order.id, order.version, order.expires_at, now];
    Ok(tx.execute(END, &params).await? == 1)
}

/// The earliest deadline that waits.
pub async fn next(db: &Db) -> Result<Option<Timestamp>, DbError> {
    let row: Option<(Timestamp,)> = db.opt(NEXT, &[]).await?;
    Ok(row.map(|(moment,)| moment))
}

/// Takes one portion of those whose moment has come, the earliest first: nobody takes them again. Other
/// processes take other ones at the same time.
pub async fn take_due(tx: &mut Tx) -> Result<Vec<OrderId>, DbError> {
    let now = tx.now();
    let mut due: Vec<(Timestamp, OrderId)> = tx.claim(DUE, TELL, &params![now]).await?;
    due.sort_unstable();
    Ok(due.into_iter().map(|(_, order)| order).collect())
}

/// Deletes one portion of those that have not waited since `moment`. Answers whether there may be
/// more.
pub async fn prune(tx: &mut Tx, moment: Timestamp) -> Result<bool, DbError> {
    let pruned = tx.execute(PRUNE, &params![moment]).await?;
    Ok(pruned == PORTION)
}
