//! Where things are: the root of the repository, and the directory that cargo builds into.

use std::path::{Path, PathBuf};

use crate::run::Failure;

/// The root of the repository.
pub(crate) fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// Cargo's target directory, wherever a setting has put it: this program lies in `<target>/<profile>/`.
pub(crate) fn target() -> Result<PathBuf, Failure> {
    let own =
        std::env::current_exe().map_err(|error| Failure::new(format!("where am I? {error}")))?;
    let target = own.ancestors().nth(2);
    target
        .map(Path::to_path_buf)
        .ok_or_else(|| Failure::new("this program is in no target directory"))
}

/// Whether `program` is found on the `PATH`.
pub(crate) fn on_path(program: &str) -> bool {
    crate::run::Run::new(program)
        .arg("--version")
        .quiet()
        .is_ok()
}
