//! What the bus's stream has confirmed of this outbox; and the outbox once more, when the stream lacks it.

use uuid::Uuid;

use crate::bus::Confirmed;
use crate::db::{Db, DbError, FromRow, Row, Tx};
use crate::params;

const CONFIRMED: &str = "SELECT stream_created, stream_sequence, stream_event FROM relay
    WHERE id = 1 AND stream_created IS NOT NULL";
// Of another stream nothing is noted before it was filled.
const ADVANCE: &str =
    "UPDATE relay SET stream_created = $1, stream_sequence = $2, stream_event = $3
    WHERE id = 1 AND (stream_created IS NULL OR (stream_created = $1 AND stream_sequence < $2))";
const FORGET: &str = "UPDATE relay SET stream_created = NULL, stream_sequence = NULL, stream_event = NULL WHERE id = 1";
const PORTION: &str = "SELECT id FROM outbox WHERE id > $1 ORDER BY id LIMIT 1000";
const AGAIN: &str = "UPDATE outbox SET published_at = NULL
    WHERE id > $1 AND id <= $2 AND published_at IS NOT NULL";

impl FromRow for Confirmed {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(Confirmed {
            created: row.next()?,
            sequence: row.next()?,
            event: row.next()?,
        })
    }
}

/// The last message that was confirmed.
pub(super) async fn confirmed(db: &Db) -> Result<Option<Confirmed>, DbError> {
    Ok(db.few(CONFIRMED, &[]).await?.pop())
}

/// Notes that the stream has confirmed everything up to here.
pub(super) async fn advance(tx: &mut Tx, to: &Confirmed) -> Result<(), DbError> {
    tx.later(ADVANCE, &params![to.created, to.sequence, to.event])
        .await
}

/// Marks all that is still here as unpublished, a portion at a time: how much the stream lacks cannot be
/// known, and inboxes know what they have. Dying on the way begins it again.
pub(super) async fn refill(db: &Db) -> Result<u64, DbError> {
    let (mut last, mut count) = (Uuid::nil(), 0);
    loop {
        let portion: Vec<(Uuid,)> = db.list(PORTION, &params![last]).await?;
        let Some(&(end,)) = portion.last() else {
            break;
        };
        let again = db.write_bulk((last, end), |tx, (last, end)| {
            Box::pin(async move { tx.execute(AGAIN, &params![*last, *end]).await })
        });
        count += again.await?;
        last = end;
    }
    db.write_bulk((), |tx, ()| {
        Box::pin(async move { tx.execute(FORGET, &[]).await })
    })
    .await?;
    Ok(count)
}
