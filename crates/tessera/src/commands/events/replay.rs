//! `tessera events replay`: publishes events again.

use jiff::Timestamp;
use tessera_platform::db::{DbError, Tx};
use tessera_platform::params;

use super::{Opened, Stopped};
use crate::cli::Which;
use crate::terminal;

const REPLAY: &str = "UPDATE outbox SET published_at = NULL WHERE published_at IS NOT NULL
    AND ($1 IS NULL OR type = $1) AND ($2 IS NULL OR created_at >= $2)";

/// Marks the events as unpublished: the relay does the rest, and every inbox knows what it has done.
pub(super) async fn replay(
    services: &[Opened],
    which: &Which,
    since: Option<Timestamp>,
) -> Result<(), Stopped> {
    let event_type = which.event_type.map(|event_type| event_type.name());
    for (name, db) in services {
        let marked = db
            .write((event_type, since), |tx, wanted| {
                Box::pin(mark(tx, *wanted))
            })
            .await;
        let marked = marked.map_err(|error| Stopped::failed(format!("{name}: {error}")))?;
        terminal::say(format!("{name}: {marked} events will be published again"));
    }
    Ok(())
}

async fn mark(
    tx: &mut Tx,
    wanted: (Option<&'static str>, Option<Timestamp>),
) -> Result<u64, DbError> {
    let (event_type, since) = wanted;
    tx.execute(REPLAY, &params![event_type, since]).await
}
