//! Whose tokens count: the keys of this process, or those that auth publishes.

use std::sync::Arc;

use super::{Definition, Setup, StartError};
use crate::session::keys::load_or_make;
use crate::session::{FollowKeys, SigningKeys, Verifier};

/// The keys are auth's; a process without it that knows where auth's public ones are needs none of its own.
pub(super) fn signing(
    definitions: &[&Definition],
    setup: &Setup,
) -> Result<Option<SigningKeys>, StartError> {
    let signs = definitions
        .iter()
        .any(|definition| definition.signs_sessions);
    if definitions.is_empty() || (!signs && setup.settings.jwks_url.is_some()) {
        return Ok(None);
    }
    Ok(Some(load_or_make(&setup.settings, &setup.ids)?))
}

/// Fetches the public keys where this process has none of its own.
pub(super) fn follow(
    keys: Option<&SigningKeys>,
    setup: &Setup,
    verifier: &Verifier,
) -> Result<Option<Arc<FollowKeys>>, StartError> {
    match &setup.settings.jwks_url {
        Some(url) if keys.is_none() => {
            let follow = FollowKeys::new(url.clone(), verifier.clone(), setup.clock.clone());
            let failed = |error| StartError::Other(format!("JWKS_URL: {error}"));
            follow.map(Some).map_err(failed)
        }
        _ => Ok(None),
    }
}
