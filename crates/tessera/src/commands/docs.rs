//! `tessera docs`: writes the references that are made from the code.

use std::fs;
use std::path::Path;

use super::Stopped;
use crate::{docs, terminal};

/// Writes `openapi.json` and `asyncapi.json` into the folder `out`.
pub(super) async fn docs(out: &Path) -> Result<(), Stopped> {
    fs::create_dir_all(out).map_err(Stopped::failed)?;
    for (name, text) in docs::files().await? {
        let path = out.join(name);
        fs::write(&path, text)
            .map_err(|error| Stopped::failed(format!("{}: {error}", path.display())))?;
        terminal::say(format!("wrote {}", path.display()));
    }
    Ok(())
}
