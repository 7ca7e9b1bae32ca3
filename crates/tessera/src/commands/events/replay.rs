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

// A portion is counted by the rows that are looked at, not by those that are wanted: a server that writes
// beside this must not wait for it.
const PORTION: &str = "SELECT id FROM
    (SELECT id FROM outbox WHERE id > $1 AND created_at <= $2 ORDER BY id LIMIT 1000) AS portion
    ORDER BY id DESC LIMIT 1";
// What is older than `$3` may have left the inboxes before it leaves this outbox again: they would not know it.
const REPLAY: &str = "UPDATE outbox SET published_at = NULL
    WHERE id > $1 AND id <= $2 AND published_at IS NOT NULL AND created_at >= $3 AND created_at <= $4
        AND (CAST($5 AS text) IS NULL OR type = $5)";

/// Marks the events as unpublished, a portion at a time beside a running server: the relay does the rest,
/// and every inbox knows what it has done.
pub(super) async fn replay(
    services: &[Opened],
    which: &Which,
    since: Option<Timestamp>,
) -> Result<(), Stopped> {
    let now = Clock::system().now();
    let oldest = now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN);
    let wanted = Wanted {
        from: since.map_or(oldest, |since| since.max(oldest)),
        to: now,
        event_type: which.event_type.map(|event_type| event_type.name()),
    };
    for (name, db) in services {
        let marked = mark_all(db, wanted)
            .await
            .map_err(|error| Stopped::failed(format!("{name}: {error}")))?;
        terminal::say(format!("{name}: {marked} events will be published again"));
    }
    Ok(())
}

/// Those of this type that were made between these moments: what comes after the command is none of them.
#[derive(Clone, Copy)]
pub(super) struct Wanted {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) event_type: Option<&'static str>,
}

pub(super) async fn mark_all(db: &Db, wanted: Wanted) -> Result<u64, DbError> {
    let (mut count, mut last) = (0, Uuid::nil());
    loop {
        let portion: Vec<(Uuid,)> = db.list(PORTION, &params![last, wanted.to]).await?;
        let Some(&(end,)) = portion.first() else {
            return Ok(count);
        };
        let marked = db.write_bulk((last, end, wanted), |tx, (last, end, wanted)| {
            Box::pin(mark(tx, *last, *end, *wanted))
        });
        count += marked.await?;
        last = end;
    }
}

async fn mark(tx: &mut Tx, last: Uuid, end: Uuid, wanted: Wanted) -> Result<u64, DbError> {
    let Wanted {
        from,
        to,
        event_type,
    } = wanted;
    tx.execute(REPLAY, &params![last, end, from, to, event_type])
        .await
}
