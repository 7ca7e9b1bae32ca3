//! Where programs are.

use std::path::PathBuf;

/// The files of this name in the folders of the `PATH`.
#[expect(
    clippy::disallowed_methods,
    reason = "where programs are is no setting of ours"
)]
pub(crate) fn on_path(name: &str) -> Vec<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .filter(|program| program.is_file())
        .collect()
}
