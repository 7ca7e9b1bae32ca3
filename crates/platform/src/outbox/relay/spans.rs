//! The spans of what a relay publishes, one for each event.

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use tessera_contracts::events::EventType;
use tessera_contracts::ids::EventId;
use tokio::time::Instant;

use crate::bus::{Bus, Message};
use crate::http::trace::TraceParent;
use crate::telemetry::measured_now;
use crate::telemetry::traces::{Kind, Span, Tracer};

/// A batch that is on its way.
pub(super) struct Begun {
    tracer: Tracer,
    since: Instant,
    steps: Vec<Step>,
}

struct Step {
    id: EventId,
    event_type: EventType,
    step: TraceParent,
    parent: Option<TraceParent>,
}

/// All that is read of an envelope on its way out.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    traceparent: Option<Cow<'a, str>>,
}

impl Begun {
    /// Of a batch that is about to be published.
    pub(super) fn of(tracer: &Tracer, messages: &[Message]) -> Begun {
        let steps = if tracer.is_on() {
            let steps = messages.iter().map(|message| step(tracer, message));
            steps.flatten().collect()
        } else {
            Vec::new()
        };
        Begun {
            tracer: tracer.clone(),
            since: measured_now(),
            steps,
        }
    }

    /// Once the bus has taken all of it. What it did not take is published again, as the same steps.
    pub(super) fn record(self, bus: &Bus) {
        let took = self.since.elapsed();
        for published in self.steps {
            let span = published.span(bus, took);
            self.tracer.record(published.step, published.parent, span);
        }
    }
}

fn step(tracer: &Tracer, message: &Message) -> Option<Step> {
    let envelope: Envelope<'_> = serde_json::from_str(&message.payload).ok()?;
    let written_in = TraceParent::parse(&envelope.traceparent?)?;
    let (step, parent) = tracer.publishing(written_in, message.id);
    tracer.records(step).then_some(Step {
        id: message.id,
        event_type: message.event_type,
        step,
        parent,
    })
}

impl Step {
    fn span(&self, bus: &Bus, took: Duration) -> Span {
        let name = format!("publish {}", self.event_type.name());
        Span::new(Kind::Producer, name, took)
            .with("messaging.system", bus.system())
            .with("messaging.destination.name", self.event_type.name())
            .with("messaging.operation.type", "send")
            .with("messaging.operation.name", "publish")
            .with("messaging.message.id", self.id.to_string())
    }
}
