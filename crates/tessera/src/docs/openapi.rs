//! The API reference, from the handlers.

use std::iter::repeat;

use tessera_contracts::http::Problem;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, Content, InfoBuilder, License, OpenApi, PathItem, Ref, RefOr, ResponseBuilder,
    Schema, SecurityRequirement,
};

const DESCRIPTION: &str = "\
Tessera is a marketplace where people resell tickets. JSON in and out, camelCase; ids are UUIDv7, \
times RFC 3339 in UTC, money decimal strings beside a currency. Lists come in pages: follow the `Link` header. \
Refusals are problem details (RFC 9457) whose `code` is stable. \
A session is a cookie for browsers; the same token serves API clients as `Authorization: Bearer`.";

/// The description of all endpoints, with what the services' handlers cannot say.
pub(crate) fn openapi(services: &OpenApi) -> OpenApi {
    let mut document = services.clone();
    document.paths.paths.values_mut().for_each(complete);
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

/// Says of all operations of a path what no handler says, since it is the same for all.
fn complete(path: &mut PathItem) {
    let reads = path.get.iter_mut();
    let writes = [&mut path.post, &mut path.put, &mut path.delete];
    let writes = writes.into_iter().filter_map(Option::as_mut);
    for (operation, writes) in reads.zip(repeat(false)).chain(writes.zip(repeat(true))) {
        name(operation);
        refuse(operation, writes);
        retype(operation);
    }
}

/// What the front and the body's reader refuse, before any handler is asked.
fn refuse(operation: &mut Operation, writes: bool) {
    let mut refusals = vec![("503", "Too busy: come back when `Retry-After` says")];
    if writes {
        refusals.push(("403", "Sent by a page of another site"));
    }
    if operation.request_body.is_some() {
        refusals.extend([
            ("408", "The body took too long to arrive"),
            ("413", "The body is too large"),
            ("415", "The body is not JSON"),
        ]);
    }
    for (status, description) in refusals {
        let response = ResponseBuilder::new()
            .description(description)
            .content("application/json", Content::new(Some(problem())));
        let responses = &mut operation.responses.responses;
        responses
            .entry(status.to_owned())
            .or_insert_with(|| response.build().into());
    }
}

/// `create` of two services would be one name: `orders_create` and `tickets_create` are two.
fn name(operation: &mut Operation) {
    let service = operation.tags.iter().flatten().next();
    let service = service.cloned().unwrap_or_default();
    let name = operation.operation_id.take();
    operation.operation_id = name.map(|name| format!("{service}_{name}"));
}

/// Refusals have a media type of their own, which the handlers' descriptions leave out.
fn retype(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        let RefOr::T(response) = response else {
            continue;
        };
        let is_problem = |content: &RefOr<Content>| matches!(content, RefOr::T(content) if content.schema == Some(problem()));
        if response.content.values().any(is_problem)
            && let Some(content) = response.content.shift_remove("application/json")
        {
            let media_type = Problem::MEDIA_TYPE.to_owned();
            response.content.insert(media_type, content);
        }
    }
}

fn problem() -> RefOr<Schema> {
    Ref::from_schema_name("Problem").into()
}
