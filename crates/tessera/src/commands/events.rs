//! `tessera events`: what was published, and what was given up on.
//!
//! Works on the databases directly, beside a running server or without one: a row that is marked
//! as unpublished is published by whichever server runs on it next.

mod dead;
mod replay;
mod tail;

use tessera_platform::clock::Clock;
use tessera_platform::config::Settings;
use tessera_platform::db::Db;
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
                &open(settings, which.service.as_deref())?,
                &which,
                lines,
                follow,
                json,
            )
            .await
        }
        EventsCommand::Replay { which, since } => {
            replay::replay(&open(settings, which.service.as_deref())?, &which, since).await
        }
        EventsCommand::Dead { service } => dead::list(&open(settings, service.as_deref())?).await,
        EventsCommand::Retry { event, service } => {
            dead::retry(&open(settings, service.as_deref())?, event).await
        }
    }
}

/// A service's database, by its name.
type Opened = (&'static str, Db);

/// Opens the databases of all services, or of one; makes none.
fn open(settings: &Settings, only: Option<&str>) -> Result<Vec<Opened>, Stopped> {
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
    let wanted = SERVICES
        .iter()
        .filter(|service| only.is_none_or(|name| name == service.name));
    wanted
        .map(|service| {
            let path = settings.data_dir.join(format!("{}.db", service.name));
            if !path.exists() {
                let folder = settings.data_dir.display();
                return Err(Stopped::failed(format!(
                    "DATA_DIR: {folder} holds no database of {}",
                    service.name
                )));
            }
            let db = Db::open_sqlite_beside(
                &path,
                service.name,
                &service.all_migrations(),
                &clock,
                &ids,
            );
            Ok((
                service.name,
                db.map_err(|error| Stopped::failed(format!("{}: {error}", service.name)))?,
            ))
        })
        .collect()
}
