//! Where the signing key comes from: the settings, or a file that is made at the first start.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::token::{SigningKeys, TokenError};
use crate::config::{JwtSeed, Settings};
use crate::ids::Ids;

/// The signing key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file could not be read or made.
    #[error("DATA_DIR: {path}: {source}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file holds something else.
    #[error("DATA_DIR: {path} holds no session key: {message}")]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        message: String,
    },
    /// The key cannot be used.
    #[error("JWT_KEY: {0}")]
    Unusable(#[from] TokenError),
}

/// The signing keys of this installation. Without `JWT_KEY` they are kept in
/// `DATA_DIR/keys/jwt.key`, which is made if it is not there.
pub fn load_or_make(settings: &Settings, ids: &Ids) -> Result<SigningKeys, KeyError> {
    let seed = match &settings.jwt_key {
        Some(seed) => seed.clone(),
        None => read_or_make(&settings.data_dir.join("keys"), ids)?,
    };
    Ok(SigningKeys::new(&seed, settings.jwt_key_previous.as_ref())?)
}

fn read_or_make(dir: &Path, ids: &Ids) -> Result<JwtSeed, KeyError> {
    let path = dir.join("jwt.key");
    match fs::read_to_string(&path) {
        Ok(text) => {
            JwtSeed::parse(text.trim()).map_err(|message| KeyError::Content { path, message })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let seed = JwtSeed::new(ids.random_bytes());
            write_durably(dir, &path, &seed).map_err(|source| KeyError::File { path, source })?;
            Ok(seed)
        }
        Err(source) => Err(KeyError::File { path, source }),
    }
}

/// Writes the file whole or not at all: a key that is lost with the power ends all sessions.
fn write_durably(dir: &Path, path: &Path, seed: &JwtSeed) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    let unfinished = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    // The mode above counts for a new file only, and a crash may have left one.
    file.set_permissions(Permissions::from_mode(0o600))?;
    writeln!(file, "{}", seed.to_base64().as_str())?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(dir)?.sync_all()
}
