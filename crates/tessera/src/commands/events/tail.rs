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

/// Prints the latest `lines` events of all `services`, oldest first, and then new ones.
pub(super) async fn tail(
    services: &[Opened],
    which: &Which,
    lines: u32,
    follow: bool,
    json: bool,
) -> Result<(), Stopped> {
    let event_type = which.event_type.map(|event_type| event_type.name());
    let mut latest: Vec<(Uuid, String)> = Vec::new();
    for (_, db) in services {
        latest.extend(
            db.list(LATEST, &params![event_type, lines])
                .await
                .map_err(Stopped::failed)?,
        );
    }
    latest.sort_unstable_by_key(|(id, _)| *id);
    let skipped = latest
        .len()
        .saturating_sub(usize::try_from(lines).unwrap_or(usize::MAX));
    let mut last = latest.last().map_or(Uuid::nil(), |(id, _)| *id);
    latest
        .iter()
        .skip(skipped)
        .for_each(|(_, payload)| print(payload, json));
    if !follow {
        return Ok(());
    }
    loop {
        for (id, payload) in after(services, last, event_type).await? {
            print(&payload, json);
            last = last.max(id);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a person watches: this is no one's duty to be woken for"
        )]
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// The events after `last`. Ids rise with time, up to the clocks of the services: one that
/// commits late may be missed here, and by nothing else.
async fn after(
    services: &[Opened],
    last: Uuid,
    event_type: Option<&'static str>,
) -> Result<Vec<(Uuid, String)>, Stopped> {
    let mut new: Vec<(Uuid, String)> = Vec::new();
    for (_, db) in services {
        new.extend(
            db.list(AFTER, &params![last, event_type])
                .await
                .map_err(Stopped::failed)?,
        );
    }
    new.sort_unstable_by_key(|(id, _)| *id);
    Ok(new)
}

fn print(payload: &str, json: bool) {
    match Event::from_json(payload) {
        Ok(event) if !json => terminal::say(line(&event)),
        _ => terminal::say(payload),
    }
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
