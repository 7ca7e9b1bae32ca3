//! The event reference, from the event types.

use serde_json::{Map, Value, json};
use tessera_contracts::events::{self, EventType};

/// The whole document. `services` are their names, each with the events that it follows.
pub(super) fn document(
    services: &[(&'static str, Vec<EventType>)],
) -> Result<Value, serde_json::Error> {
    let all = EventType::ALL.iter().copied();
    let mut schemas = Map::new();
    for (name, schema) in events::schemas() {
        schemas.insert(name, serde_json::to_value(schema)?);
    }
    let mut operations = Map::new();
    for event in all.clone() {
        operations.insert(
            format!("{}-publishes-{}", publisher(event), key(event)),
            operation(event, "send"),
        );
        let followers = services
            .iter()
            .filter(|(_, follows)| follows.contains(&event));
        for (service, _) in followers {
            operations.insert(
                format!("{service}-follows-{}", key(event)),
                operation(event, "receive"),
            );
        }
    }
    Ok(json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tessera's events",
            "version": env!("CARGO_PKG_VERSION"),
            "description": DESCRIPTION,
            "license": { "name": "Apache-2.0 OR MIT" },
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": all.clone().map(|event| (key(event), channel(event))).collect::<Map<_, _>>(),
        "operations": operations,
        "components": {
            "messages": all.map(|event| (key(event), message(event))).collect::<Map<_, _>>(),
            "schemas": schemas,
        },
    }))
}

const DESCRIPTION: &str = "What Tessera's services tell each other: CloudEvents 1.0 in structured JSON. \
    Each event is published at least once; consumers recognise a duplicate by its id. The data holds the \
    aggregate's full public state with its version, so that an older event can be ignored. Forms only grow \
    by optional fields: ignore those that you do not know.";

/// Component keys may not hold a colon.
fn key(event: EventType) -> String {
    event.name().replace(':', ".")
}

fn channel(event: EventType) -> Value {
    let key = key(event);
    let message = json!({ "$ref": format!("#/components/messages/{key}") });
    json!({ "address": event.nats_subject(), "messages": { key: message } })
}

fn operation(event: EventType, action: &str) -> Value {
    let key = key(event);
    json!({
        "action": action,
        "channel": { "$ref": format!("#/channels/{key}") },
        "messages": [{ "$ref": format!("#/channels/{key}/messages/{key}") }],
    })
}

fn message(event: EventType) -> Value {
    let (data, _) = events::schema(event);
    let text = |description: &str| json!({ "type": "string", "description": description });
    json!({
        "name": event.name(),
        "contentType": "application/cloudevents+json",
        "payload": {
            "type": "object",
            "required": ["specversion", "id", "source", "type", "subject", "time", "datacontenttype", "dataschema", "data"],
            "properties": {
                "specversion": { "const": "1.0" },
                "id": { "type": "string", "format": "uuid", "description": "Names this event for good." },
                "source": { "const": format!("/tessera/{}", publisher(event)) },
                "type": { "const": event.name() },
                "subject": { "type": "string", "format": "uuid", "description": "The aggregate that it is about." },
                "time": { "type": "string", "format": "date-time", "description": "When it happened." },
                "datacontenttype": { "const": "application/json" },
                "dataschema": { "const": event.data_schema() },
                "traceparent": text("The trace that it belongs to: W3C Trace Context."),
                "data": { "$ref": format!("#/components/schemas/{data}") },
            },
        },
    })
}

/// Who owns the aggregate, and so is the only one to publish its events.
fn publisher(event: EventType) -> &'static str {
    use EventType::*;
    match event {
        UserRegistered | UserDeleted | SessionEnded => "auth",
        TicketCreated | TicketUpdated | TicketRefused => "tickets",
        OrderCreated | OrderUpdated | OrderCancelled | OrderCompleted => "orders",
        ExpirationComplete => "expiration",
        PaymentCreated | PaymentCaptured | PaymentFailed | PaymentVoided | PaymentRefunded => {
            "payments"
        }
    }
}
