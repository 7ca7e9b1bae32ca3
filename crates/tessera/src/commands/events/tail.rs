//! `tessera events tail`: the latest events, and every new one.

use std::time::Duration;

use tessera_contracts::events::Event;
use tessera_platform::params;
use uuid::Uuid;

use super::{Opened, Stopped};
use crate::cli::Which;
use crate::terminal;

const LATEST: &str =
    "SELECT id, payload FROM outbox WHERE $1 IS NULL OR type = $1 ORDER BY id DESC LIMIT $2";
const AFTER: &str = "SELECT id, payload FROM outbox WHERE id > $1 AND ($2 IS NULL OR type = $2) ORDER BY id LIMIT 500";
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// An event's id, and its envelope.
type Row = (Uuid, String);

/// Prints the latest `lines` events of all `services`, oldest first, and then new ones. Ends quietly when
/// nobody reads any more.
pub(super) async fn tail(
    services: &[Opened],
    which: &Which,
    lines: u32,
    follow: bool,
    json: bool,
) -> Result<(), Stopped> {
    let event_type = which.event_type.map(|event_type| event_type.name());
    let mut latest: Vec<Row> = Vec::new();
    // Of each service, the last one that was seen: their ids rise each for itself.
    let mut seen = Vec::new();
    for (_, db) in services {
        let rows: Vec<Row> = db
            .list(LATEST, &params![event_type, lines.max(1)])
            .await
            .map_err(Stopped::failed)?;
        seen.push(rows.first().map_or(Uuid::nil(), |(id, _)| *id));
        latest.extend(rows);
    }
    latest.sort_unstable_by_key(|(id, _)| *id);
    let lines = usize::try_from(lines).unwrap_or(usize::MAX);
    let skipped = latest.len().saturating_sub(lines);
    latest.drain(..skipped);
    while print_all(&latest, json) && follow {
        pause().await;
        latest = after(services, &mut seen, event_type).await?;
    }
    Ok(())
}

/// The events after those that were `seen`, up to 500 of each service at a time. One that commits after
/// a younger one of the same service is missed here, and by nothing else.
async fn after(
    services: &[Opened],
    seen: &mut [Uuid],
    event_type: Option<&'static str>,
) -> Result<Vec<Row>, Stopped> {
    let mut new: Vec<Row> = Vec::new();
    for ((_, db), seen) in services.iter().zip(seen) {
        let rows: Vec<Row> = db
            .list(AFTER, &params![*seen, event_type])
            .await
            .map_err(Stopped::failed)?;
        *seen = rows.last().map_or(*seen, |(id, _)| *id);
        new.extend(rows);
    }
    new.sort_unstable_by_key(|(id, _)| *id);
    Ok(new)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a person watches: this is no one's duty to be woken for"
)]
async fn pause() {
    tokio::time::sleep(BETWEEN_LOOKS).await;
}

/// `false` when nobody reads any more.
fn print_all(rows: &[Row], json: bool) -> bool {
    rows.iter()
        .all(|(_, payload)| match Event::from_json(payload) {
            Ok(event) if !json => terminal::say(line(&event)),
            _ => terminal::say(payload),
        })
}

/// One event in one line: when, what, about what, from whom.
pub(in crate::commands) fn line(event: &Event) -> String {
    format!(
        "{}  {:<19} {}  {}",
        tessera_contracts::time::text(event.time),
        event.data.event_type().name(),
        event.data.subject(),
        event.source,
    )
}
