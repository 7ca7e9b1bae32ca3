//! `tessera events`: what was published, and what was given up on.
//!
//! Works on the databases directly, beside a running server or without one: a row that is marked
//! as unpublished is published by whichever server runs on it next.

mod dead;
mod reader;
mod replay;
mod tail;
#[cfg(test)]
mod tests;

use tessera_platform::clock::Clock;
use tessera_platform::config::Settings;
use tessera_platform::db::{Db, DbError};
use tessera_platform::ids::Ids;

use super::Stopped;
use crate::SERVICES;
use crate::cli::EventsCommand;

/// Does what `tessera events …` asks for.
pub(super) async fn events(settings: &Settings, command: EventsCommand) -> Result<(), Stopped> {
    match command {
        EventsCommand::Tail {
            which,
            lines,
            follow,
            json,
        } => {
            tail::tail(
                &open(settings, which.service.as_deref()).await?,
                &which,
                lines,
                follow,
                json,
            )
            .await
        }
        EventsCommand::Replay { which, since } => {
            replay::replay(
                &open(settings, which.service.as_deref()).await?,
                &which,
                since,
            )
            .await
        }
        EventsCommand::Dead { service } => {
            dead::list(&open(settings, service.as_deref()).await?).await
        }
        EventsCommand::Retry { event, service } => {
            dead::retry(&open(settings, service.as_deref()).await?, event).await
        }
    }
}

/// A service's database, by its name.
type Opened = (&'static str, Db);

/// Opens the databases of all services, or of one; makes none.
async fn open(settings: &Settings, only: Option<&str>) -> Result<Vec<Opened>, Stopped> {
    if let Some(unknown) = only.filter(|name| SERVICES.iter().all(|service| service.name != *name))
    {
        let known: Vec<_> = SERVICES.iter().map(|service| service.name).collect();
        return Err(Stopped::misused(format!(
            "--service: there is no {unknown:?}; there are: {}",
            known.join(", ")
        )));
    }
    let clock = Clock::system();
    let ids = Ids::system(clock.clone());
    let place = settings.place();
    let wanted = SERVICES
        .iter()
        .filter(|service| only.is_none_or(|name| name == service.name));
    let mut opened = Vec::new();
    for service in wanted {
        let tables = service.all_migrations();
        let db = place
            .open_beside(service.name, &tables, &clock, &ids)
            .await
            .map_err(|error| Stopped::failed(missing(settings, service.name, &error)))?;
        opened.push((service.name, db));
    }
    Ok(opened)
}

fn missing(settings: &Settings, service: &str, error: &DbError) -> String {
    match (error, &settings.database) {
        (DbError::Missing(_), None) => format!(
            "DATA_DIR: {} holds no database of {service}",
            settings.data_dir.display()
        ),
        _ => format!("{service}: {error}"),
    }
}
