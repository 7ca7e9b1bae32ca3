//! The rows of the outbox: those to be published, and their marks.

use std::sync::LazyLock;

use jiff::Timestamp;
use tessera_contracts::events::EventType;
use uuid::Uuid;

use super::stream;
use crate::bus::{Confirmed, Message};
use crate::db::{Db, DbError, FromRow, Param, Row, Tx};
use crate::params;

/// Events in one batch, as the statements below say.
pub(super) const AT_ONCE: usize = 512;
/// Those that wait for their marks are marked when they are so many.
pub(super) const MARKED_AT: usize = 64;

// By what is unpublished, never by "after the last one": transactions commit out of order. So many at once because
// under load a batch waits for the slowest inbox with those before it: it has to be worth that.
const UNPUBLISHED: &str = "SELECT id, type, payload, created_at FROM outbox
    WHERE published_at IS NULL ORDER BY id LIMIT 512";
// Those that are on their way lie between these two. Whatever else lies there comes once all of them have, or some of them
// by the next look.
const UNPUBLISHED_BESIDE: &str = "SELECT id, type, payload, created_at FROM outbox
    WHERE published_at IS NULL AND id NOT BETWEEN $1 AND $2 ORDER BY id LIMIT 512";
static UNPUBLISHED_BUT: LazyLock<String> = LazyLock::new(|| {
    let but = (1..=MARKED_AT).map(|number| format!("${number}"));
    let but = but.collect::<Vec<_>>().join(", ");
    UNPUBLISHED.replace("ORDER BY", &format!("AND id NOT IN ({but}) ORDER BY"))
});
const OLDEST: &str = "SELECT created_at FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT 1";
// Sixteen by one statement: a server answers each statement by itself.
const MARK: &str = "UPDATE outbox SET published_at = $1 WHERE published_at IS NULL AND id IN
    ($2, $3, $4, $5, $6, $7, $8, $9, $10,
    $11, $12, $13, $14, $15, $16, $17)";
const MARKED_BY_ONE: usize = 16;

/// An event that the bus may lack.
pub(super) struct Unpublished {
    pub(super) id: Uuid,
    pub(super) event_type: EventType,
    pub(super) payload: String,
    pub(super) created_at: Timestamp,
}

/// Those that the bus has and that are not marked yet.
#[derive(Default)]
pub(super) struct Unmarked {
    pub(super) ids: Vec<Uuid>,
    /// Up to where the stream has each batch of them.
    pub(super) batches: Vec<Confirmed>,
}

impl Unmarked {
    pub(super) fn add(&mut self, ids: Vec<Uuid>, confirmed: Option<Confirmed>) {
        self.ids.extend(ids);
        self.batches.extend(confirmed);
    }

    /// The last of them in the stream.
    pub(super) fn last(&self) -> Option<Confirmed> {
        let batches = self.batches.iter().cloned();
        batches.fold(None, |last, place| Some(later(last, place)))
    }
}

/// What the stream had already has an older place in it.
pub(super) fn later(noted: Option<Confirmed>, new: Confirmed) -> Confirmed {
    match noted {
        Some(noted) if noted.created == new.created && noted.sequence > new.sequence => noted,
        _ => new,
    }
}

impl FromRow for Unpublished {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbError> {
        Ok(Unpublished {
            id: row.next()?,
            event_type: row.parse()?,
            payload: row.next()?,
            created_at: row.next()?,
        })
    }
}

impl From<&Unpublished> for Message {
    fn from(row: &Unpublished) -> Message {
        Message::new(row.id.into(), row.event_type, row.payload.as_str().into())
    }
}

/// The next batch, without those that only lack their marks.
pub(super) async fn unpublished(db: &Db, but: &[Uuid]) -> Result<Vec<Unpublished>, DbError> {
    if but.is_empty() {
        return db.few(UNPUBLISHED, &[]).await;
    }
    // Of one length, so that it is prepared once: filled up with what it has already.
    let but = but.iter().cycle().take(MARKED_AT);
    let but: Vec<Param<'_>> = but.map(|id| Param::Uuid(*id)).collect();
    db.few(&UNPUBLISHED_BUT, &but).await
}

/// The next batch, without those between the first and the last that are on their way.
pub(super) async fn unpublished_beside(
    db: &Db,
    underway: Option<(Uuid, Uuid)>,
) -> Result<Vec<Unpublished>, DbError> {
    match underway {
        Some((first, last)) => db.few(UNPUBLISHED_BESIDE, &params![first, last]).await,
        None => db.few(UNPUBLISHED, &[]).await,
    }
}

/// Since when the oldest one waits.
pub(super) async fn oldest(db: &Db) -> Result<Option<Timestamp>, DbError> {
    let oldest: Option<(Timestamp,)> = db.few(OLDEST, &[]).await?.pop();
    Ok(oldest.map(|(moment,)| moment))
}

/// Marks what the bus has, and notes up to where its stream has confirmed it.
pub(super) async fn mark(tx: &mut Tx, unmarked: &Unmarked) -> Result<(), DbError> {
    let now = Param::Time(tx.now());
    if let Some(confirmed) = unmarked.last() {
        stream::advance(tx, &confirmed).await?;
    }
    // All of it travels with the commit: how many were marked is of no interest.
    for ids in unmarked.ids.chunks(MARKED_BY_ONE) {
        // The last one fills its statement up with what it has already.
        let ids = ids.iter().cycle().take(MARKED_BY_ONE);
        let ids = ids.map(|id| Param::Uuid(*id));
        let params: Vec<Param<'_>> = std::iter::once(now.clone()).chain(ids).collect();
        tx.later(MARK, &params).await?;
    }
    Ok(())
}
