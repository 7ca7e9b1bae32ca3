//! What has to answer for a process to be ready, besides its databases.

use crate::bus::Bus;
use crate::http::health::{BUS, Check};
use crate::session::Verifier;

/// The bus, where there is one between processes; and the keys, where `followed` are those of another process.
pub(super) fn checks(bus: &Bus, followed: Option<&Verifier>) -> Vec<Check> {
    let mut checks = Vec::new();
    if bus.has_stream() {
        let bus = bus.clone();
        checks.push(Check::new(BUS, move || {
            let health = bus.health().map_err(|error| error.to_string());
            Box::pin(async move { health })
        }));
    }
    if let Some(verifier) = followed {
        let verifier = verifier.clone();
        checks.push(Check::new("keys", move || {
            let has_keys = verifier.has_keys();
            let missing = || "JWKS_URL has not answered yet".to_owned();
            Box::pin(async move { has_keys.then_some(()).ok_or_else(missing) })
        }));
    }
    checks
}
