//! Every event form ever published, as it lay on the wire, must still be read: the samples beside this file
//! are never edited, only added to.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod samples;

use std::fs;
use std::path::PathBuf;

use serde_json::{Map, Value};
use tessera_contracts::events::{self, Event, EventType};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The sample of the newest form of this type.
fn sample(event_type: EventType) -> Value {
    let name = event_type.name().replace(':', "-");
    let forms = (1..).map(|form| folder().join(format!("{name}.v{form}.json")));
    let newest = forms.take_while(|path| path.exists()).last();
    let text = fs::read_to_string(newest.expect("every event type has a sample")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn read(json: &Value) -> Event {
    Event::from_json(&json.to_string()).unwrap()
}

#[test]
fn every_event_reads_as_its_sample_says() {
    for event_type in EventType::ALL {
        assert_eq!(
            read(&sample(*event_type)),
            samples::expected(*event_type),
            "{event_type}"
        );
    }
}

#[test]
fn every_event_writes_what_its_sample_says() {
    for event_type in EventType::ALL {
        let json = samples::expected(*event_type).to_json();
        let written: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(written, sample(*event_type), "{event_type}");
    }
}

#[test]
fn every_sample_ever_stored_is_still_read() {
    let mut seen = 0;
    for entry in fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        if path
            .extension()
            .is_some_and(|extension| extension == "json")
        {
            let event = Event::from_json(&fs::read_to_string(&path).unwrap());
            assert!(event.is_ok(), "{}: {event:?}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= EventType::ALL.len());
}

#[test]
fn unknown_fields_are_ignored_wherever_they_are() {
    for event_type in EventType::ALL {
        let mut json = sample(*event_type);
        add_unknown_fields(&mut json);
        assert_eq!(read(&json), samples::expected(*event_type), "{event_type}");
    }
}

fn add_unknown_fields(json: &mut Value) {
    if let Value::Object(fields) = json {
        fields.values_mut().for_each(add_unknown_fields);
        let unknown = serde_json::json!({"nested": ["of a newer publisher", null]});
        fields.insert("aNewField".to_owned(), unknown);
    }
}

#[test]
fn optional_fields_may_be_missing() {
    let schemas = serde_json::to_value(events::schemas()).unwrap();
    for event_type in EventType::ALL {
        let mut json = sample(*event_type);
        for attribute in ["subject", "datacontenttype", "dataschema", "traceparent"] {
            json.as_object_mut().unwrap().remove(attribute);
        }
        let (name, _) = events::schema(*event_type);
        drop_optional_fields(&mut json["data"], &name, schemas.as_object().unwrap());

        let event = read(&json);
        assert_eq!(event.data.event_type(), *event_type);
        assert_eq!(Event::from_json(&event.to_json()).unwrap(), event);
    }
}

/// Leaves what the published schema requires, and nothing else.
fn drop_optional_fields(json: &mut Value, schema: &str, schemas: &Map<String, Value>) {
    let Value::Object(fields) = json else { return };
    let required = schemas[schema]["required"].as_array().unwrap();
    fields.retain(|name, _| required.iter().any(|one| one == name));
    for (name, value) in fields {
        if let Some(reference) = schemas[schema]["properties"][name]["$ref"].as_str() {
            drop_optional_fields(value, reference.rsplit('/').next().unwrap(), schemas);
        }
    }
}

#[test]
fn required_fields_may_not_be_missing() {
    let schemas = serde_json::to_value(events::schemas()).unwrap();
    for event_type in EventType::ALL {
        let (name, _) = events::schema(*event_type);
        for field in schemas[&name]["required"].as_array().unwrap() {
            let mut json = sample(*event_type);
            json["data"]
                .as_object_mut()
                .unwrap()
                .remove(field.as_str().unwrap());
            assert!(
                Event::from_json(&json.to_string()).is_err(),
                "{event_type} without {field}"
            );
        }
    }
}

#[test]
fn a_sample_has_exactly_the_fields_of_its_schema() {
    let schemas = serde_json::to_value(events::schemas()).unwrap();
    for event_type in EventType::ALL {
        let (name, _) = events::schema(*event_type);
        let described = schemas[&name]["properties"].as_object().unwrap().keys();
        let sample = sample(*event_type);
        let mut published: Vec<_> = sample["data"].as_object().unwrap().keys().collect();
        published.sort();
        assert_eq!(described.collect::<Vec<_>>(), published, "{event_type}");
    }
}
