//! `tessera migrate`: brings the databases to the shape that this version expects.

use tessera_platform::config::Settings;

use super::{Stopped, serve};
use crate::{SERVICES, terminal};

/// Opening them is all it takes; a server that runs on them already has done so.
pub(super) async fn migrate(settings: Settings) -> Result<(), Stopped> {
    let folder = settings.data_dir.clone();
    serve::build(settings).await.map_err(Stopped::failed)?;
    for service in SERVICES {
        let file = folder.join(format!("{}.db", service.name));
        terminal::say(format!("{}: up to date ({})", service.name, file.display()));
    }
    Ok(())
}
