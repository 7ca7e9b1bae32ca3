//! `tessera migrate`: makes the databases, and brings them to the shape that this version expects.

use tessera_platform::clock::Clock;
use tessera_platform::config::Settings;
use tessera_platform::ids::Ids;
use tessera_platform::service::{Definition, lock_data_dir};

use super::Stopped;
use crate::terminal;

/// Opening them is all it takes; a server that runs on them already has done so.
pub(super) async fn migrate(
    settings: &Settings,
    services: &[&'static Definition],
) -> Result<(), Stopped> {
    let (place, setting) = (settings.place(), settings.place_setting());
    let clock = Clock::system();
    let ids = Ids::system(clock.clone());
    let _lock = lock_data_dir(settings).map_err(Stopped::failed)?;
    for (name, tables) in services.iter().flat_map(|service| service.databases()) {
        let failed = |error| Stopped::failed(format!("{setting}: database {name}: {error}"));
        place.create(name).await.map_err(failed)?;
        place
            .open(name, &tables, &clock, &ids)
            .await
            .map_err(failed)?;
        terminal::say(format!("{name}: up to date ({})", place.shown(name)));
    }
    Ok(())
}
