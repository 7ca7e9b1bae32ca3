//! Databases with all their tables, made once and copied for each run: that is faster than to make them.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;
use tessera_payments::gateway::test_gateway::BOOK;
use tessera_platform::clock::Clock;
use tessera_platform::ids::Ids;

use crate::{ending, persons, process, services};

/// The files.
pub struct Template {
    /// Goes with this.
    _folder: TempDir,
    /// Each with the name of its copies.
    files: Vec<(PathBuf, PathBuf)>,
}

impl Template {
    /// Makes them, in memory where this machine has files there.
    ///
    /// # Errors
    /// When they cannot be made.
    pub async fn make() -> Result<Template, String> {
        let folder = temporary()?;
        let place = process::settings(folder.path()).place();
        let (clock, _hand) = Clock::manual(jiff::Timestamp::UNIX_EPOCH);
        let ids = Ids::seeded(0, clock.clone());
        let mut files = Vec::new();
        let databases = services::all();
        let databases = databases.iter().map(|it| (it.name, it.all_migrations()));
        let book = (BOOK.name, BOOK.migrations.to_vec());
        for (name, migrations) in databases.chain([book]) {
            let opened = place.open(name, &migrations, &clock, &ids).await;
            opened.map_err(|error| format!("{name}: {error}"))?;
            let file = format!("{name}.db");
            files.push((folder.path().join(&file), PathBuf::from(file)));
        }
        persons::register(&folder.path().join("auth.db"))?;
        Ok(Template {
            _folder: folder,
            files,
        })
    }

    /// A folder with a copy of each, wherever a process may look for it.
    pub(crate) fn unpack(&self) -> Result<TempDir, String> {
        let folder = temporary()?;
        for (from, file) in &self.files {
            let name = file.with_extension("");
            let homes = match name.to_str() {
                Some("gateway") => vec![ending::bank_folder(folder.path())],
                _ => vec![folder.path().join("all"), folder.path().join(&name)],
            };
            for home in homes {
                copy(from, &home, file)?;
            }
        }
        Ok(folder)
    }
}

fn copy(from: &Path, home: &Path, file: &Path) -> Result<(), String> {
    let copied = fs::create_dir_all(home).and_then(|()| fs::copy(from, home.join(file)));
    copied
        .map(drop)
        .map_err(|error| format!("{}: {error}", home.display()))
}

fn temporary() -> Result<TempDir, String> {
    let memory = Path::new("/dev/shm");
    let made = match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    };
    made.map_err(|error| format!("no temporary folder: {error}"))
}
