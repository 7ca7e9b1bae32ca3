//! The data directory, which one server has to itself.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::{Definition, StartError};
use crate::config::Settings;

/// The lock for a process of these services; none for one that keeps nothing.
pub(super) fn lock_for(
    definitions: &[&Definition],
    settings: &Settings,
) -> Result<Option<File>, StartError> {
    if definitions.is_empty() {
        return Ok(None);
    }
    lock_data_dir(settings)
}

/// Makes the data directory if need be, and keeps every other server out of it; does nothing where the
/// settings need none. The lock is given back when the file is closed.
pub fn lock_data_dir(settings: &Settings) -> Result<Option<File>, StartError> {
    let used = settings
        .uses_data_dir()
        .then(|| lock_dir(&settings.data_dir));
    used.transpose()
}

fn lock_dir(dir: &Path) -> Result<File, StartError> {
    let failed = |error: std::io::Error| StartError::DataDir(format!("{}: {error}", dir.display()));
    // Password hashes and addresses are in there.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(failed)?;
    let path = dir.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::DataDir(format!(
            "{} is in use by another server",
            dir.display()
        ))),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
