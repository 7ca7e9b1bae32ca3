//! The references that are made from the code: of the endpoints (OpenAPI 3.1) and of the events
//! (AsyncAPI 3.0). The copies under `docs/` are checked to be current by the tests.

mod asyncapi;
mod openapi;

pub(crate) use openapi::openapi;

use crate::commands::Stopped;
use crate::services::Chosen;
use serde_json::Value;
use tessera_platform::config::RawSettings;
use utoipa::openapi::OpenApi;

/// The reference of the endpoints that this process serves.
pub(crate) fn reference(services: &OpenApi) -> Value {
    read(serde_json::to_value(openapi(services)))
}

/// The reference of all services' endpoints, for a process that does not run them: the committed copy, which the
/// tests keep current. As it is: utoipa does not read all that it writes.
pub(crate) fn committed_reference() -> Value {
    read(serde_json::from_str(include_str!(
        "../../../../docs/openapi.json"
    )))
}

/// Pages work without it, too.
fn read(reference: serde_json::Result<Value>) -> Value {
    reference.unwrap_or_else(|error| {
        tracing::error!(%error, "the API reference cannot be read");
        Value::Null
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

#[cfg(test)]
mod tests {
    use super::committed_reference;

    #[test]
    fn a_process_without_the_services_has_the_reference_of_all_of_them() {
        let reference = committed_reference();
        assert!(reference["paths"]["/api/orders"]["post"].is_object());
    }
}
