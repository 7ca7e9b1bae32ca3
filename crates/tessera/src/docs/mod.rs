//! The references that are made from the code: of the endpoints (OpenAPI 3.1) and of the events
//! (AsyncAPI 3.0). The copies under `docs/` are checked to be current by the tests.

mod asyncapi;
mod openapi;

pub(crate) use openapi::openapi;

use crate::commands::Stopped;
use crate::services::Chosen;
use tessera_platform::config::RawSettings;
use utoipa::openapi::OpenApi;

/// The reference of all services' endpoints, for a process that does not run them: the committed copy, which the
/// tests keep current.
pub(crate) fn of_all_services() -> OpenApi {
    let text = include_str!("../../../../docs/openapi.json");
    serde_json::from_str(text).unwrap_or_else(|error| {
        tracing::error!(%error, "the committed API reference cannot be read");
        OpenApi::default()
    })
}

/// The name and the text of every reference. Puts the services together in a folder that is gone
/// afterwards, since their endpoints are described by what serves them.
pub(crate) async fn files() -> Result<Vec<(&'static str, String)>, Stopped> {
    let folder = tempfile::tempdir().map_err(Stopped::failed)?;
    let raw = RawSettings {
        data_dir: Some(folder.path().display().to_string()),
        ..RawSettings::default()
    };
    let settings = raw.parse().map_err(Stopped::misused)?;
    let runtime = crate::commands::build(settings, &Chosen::all())
        .await
        .map_err(Stopped::failed)?;
    let services: Vec<_> = runtime.services().collect();
    let asyncapi = asyncapi::document(&services).map_err(Stopped::failed)?;
    Ok(vec![
        ("openapi.json", pretty(&openapi(runtime.openapi()))?),
        ("asyncapi.json", pretty(&asyncapi)?),
    ])
}

fn pretty(value: &impl serde::Serialize) -> Result<String, Stopped> {
    Ok(serde_json::to_string_pretty(value).map_err(Stopped::failed)? + "\n")
}
