//! `tessera events tail`: the latest events, and every new one.

use std::time::Duration;

use tessera_contracts::events::Event;

use super::reader::{Reader, Row};
use super::{Opened, Stopped};
use crate::cli::Which;
use crate::terminal;

const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

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
    let (mut readers, mut latest) = (Vec::new(), Vec::new());
    for (_, db) in services {
        let opened = Reader::open(db, event_type, lines).await;
        let (reader, rows) = opened.map_err(Stopped::failed)?;
        readers.push(reader);
        latest.extend(rows);
    }
    latest.sort_unstable_by_key(|(id, _)| *id);
    let lines = usize::try_from(lines).unwrap_or(usize::MAX);
    let skipped = latest.len().saturating_sub(lines);
    latest.drain(..skipped);
    while print_all(&latest, json) && follow {
        pause().await;
        latest = new_ones(&mut readers).await?;
    }
    Ok(())
}

async fn new_ones(readers: &mut [Reader<'_>]) -> Result<Vec<Row>, Stopped> {
    let mut new = Vec::new();
    for reader in readers {
        new.extend(reader.new_ones().await.map_err(Stopped::failed)?);
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
