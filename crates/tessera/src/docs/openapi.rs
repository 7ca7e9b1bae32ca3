//! The API reference, from the handlers.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Components, InfoBuilder, License, OpenApi, PathItem, SecurityRequirement};

const DESCRIPTION: &str = "\
Tessera is a marketplace where people resell tickets. JSON in and out, camelCase; ids are UUIDv7, \
times RFC 3339 in UTC, money decimal strings beside a currency. Lists come in pages: follow the `Link` header. \
Refusals are problem details (RFC 9457) whose `code` is stable. \
A session is a cookie for browsers; the same token serves API clients as `Authorization: Bearer`.";

/// The description of all endpoints, with what the services' handlers cannot say.
pub(crate) fn openapi(services: &OpenApi) -> OpenApi {
    let mut document = services.clone();
    document.paths.paths.values_mut().for_each(name_operations);
    document.info = InfoBuilder::new()
        .title("Tessera")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(License::new("Apache-2.0 OR MIT")))
        .build();
    let components = document.components.get_or_insert_with(Components::new);
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new("session"))),
    );
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .bearer_format("JWT")
        .build();
    components.add_security_scheme("bearer", SecurityScheme::Http(bearer));
    let nothing: [&str; 0] = [];
    document.security = Some(vec![
        SecurityRequirement::default(),
        SecurityRequirement::new("session", nothing),
        SecurityRequirement::new("bearer", nothing),
    ]);
    document
}

/// `create` of two services would be one name: `orders_create` and `tickets_create` are two.
fn name_operations(path: &mut PathItem) {
    let operations = [
        &mut path.get,
        &mut path.post,
        &mut path.put,
        &mut path.delete,
    ];
    for operation in operations.into_iter().filter_map(Option::as_mut) {
        let service = operation
            .tags
            .iter()
            .flatten()
            .next()
            .cloned()
            .unwrap_or_default();
        operation.operation_id = operation
            .operation_id
            .take()
            .map(|name| format!("{service}_{name}"));
    }
}
