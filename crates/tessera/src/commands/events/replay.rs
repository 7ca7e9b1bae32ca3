//! `tessera events replay`: publishes events again.

use jiff::{SignedDuration, Timestamp};
use tessera_platform::clock::Clock;
use tessera_platform::db::{Db, DbError, Tx};
use tessera_platform::params;
use tessera_platform::retention::OUTBOX_DAYS;
use uuid::Uuid;

use super::{Opened, Stopped};
use crate::cli::Which;
use crate::terminal;

const KEPT: SignedDuration = SignedDuration::from_hours(24 * OUTBOX_DAYS);

// What is older may have left the inboxes before it leaves this outbox again: they would not know it.
const REPLAY: &str = "UPDATE outbox SET published_at = NULL WHERE id IN (
    SELECT id FROM outbox WHERE id > $1 AND published_at IS NOT NULL AND created_at >= $2
        AND ($3 IS NULL OR type = $3) ORDER BY id LIMIT 1000)
    RETURNING id";

/// Marks the events as unpublished, a portion at a time beside a running server: the relay does the rest,
/// and every inbox knows what it has done.
pub(super) async fn replay(
    services: &[Opened],
    which: &Which,
    since: Option<Timestamp>,
) -> Result<(), Stopped> {
    let event_type = which.event_type.map(|event_type| event_type.name());
    let oldest = Clock::system().now().saturating_sub(KEPT);
    let oldest = oldest.unwrap_or(Timestamp::MIN);
    let since = since.map_or(oldest, |since| since.max(oldest));
    for (name, db) in services {
        let marked = mark_all(db, since, event_type)
            .await
            .map_err(|error| Stopped::failed(format!("{name}: {error}")))?;
        terminal::say(format!("{name}: {marked} events will be published again"));
    }
    Ok(())
}

async fn mark_all(
    db: &Db,
    since: Timestamp,
    event_type: Option<&'static str>,
) -> Result<usize, DbError> {
    let (mut count, mut last) = (0, Uuid::nil());
    loop {
        let wanted = (last, since, event_type);
        let marked: Vec<(Uuid,)> = db
            .write_bulk(wanted, |tx, wanted| Box::pin(mark(tx, *wanted)))
            .await?;
        let Some(highest) = marked.iter().map(|(id,)| *id).max() else {
            return Ok(count);
        };
        (count, last) = (count + marked.len(), highest);
    }
}

async fn mark(
    tx: &mut Tx,
    (last, since, event_type): (Uuid, Timestamp, Option<&'static str>),
) -> Result<Vec<(Uuid,)>, DbError> {
    tx.all(REPLAY, &params![last, since, event_type]).await
}
