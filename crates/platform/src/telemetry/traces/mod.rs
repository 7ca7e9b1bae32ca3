//! Spans for a collector of OpenTelemetry: who did what, for how long, and on whose account.
//!
//! The steps themselves, their ids and the way they travel are [`TraceParent`]'s, with or without a collector. Here
//! a step that is over becomes a span of the SDK's form and goes into a bounded queue; whoever records never
//! waits. Without a collector there is no queue, and recording is one look at an `Option`.

mod export;
mod sampler;
mod settings;

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use opentelemetry::trace::{SpanContext, SpanId, Status, TraceFlags, TraceId, TraceState};
use opentelemetry::{InstrumentationScope, KeyValue};
use opentelemetry_sdk::trace::{SpanData, SpanEvents, SpanLinks};
use tessera_contracts::ids::EventId;

use crate::config::SettingError;
use crate::http::trace::TraceParent;
use crate::ids::Ids;
use export::Queue;
use sampler::Sampler;

pub use opentelemetry::Value;
pub use opentelemetry::trace::SpanKind as Kind;
pub use settings::TraceSettings;

/// Where the spans of a server go. Cheap to clone.
#[derive(Clone, Default)]
pub struct Traces(Option<Arc<Exported>>);

struct Exported {
    queue: Queue,
    services: HashMap<&'static str, usize>,
    sampler: Sampler,
    ids: Ids,
    scope: InstrumentationScope,
}

/// Where the spans of one service go. Cheap to clone.
#[derive(Clone, Default)]
pub struct Tracer(Option<Arc<Place>>);

struct Place {
    exported: Arc<Exported>,
    service: usize,
}

/// What is told of a step that is over.
pub struct Span {
    kind: Kind,
    name: Cow<'static, str>,
    end: SystemTime,
    took: Duration,
    attributes: Vec<KeyValue>,
    status: Status,
}

impl Traces {
    /// Nowhere.
    pub fn off() -> Traces {
        Traces::default()
    }

    /// To the collector of `settings`, each service under a name of its own. Has to be called in a runtime.
    pub fn start(
        settings: Option<&TraceSettings>,
        services: &[&'static str],
        ids: &Ids,
    ) -> Result<Traces, SettingError> {
        let Some(settings) = settings else {
            return Ok(Traces::off());
        };
        let exported = Exported {
            queue: Queue::start(settings, services)?,
            services: services.iter().copied().zip(0..).collect(),
            sampler: settings.sampler.clone(),
            ids: ids.clone(),
            scope: InstrumentationScope::builder("tessera")
                .with_version(env!("CARGO_PKG_VERSION"))
                .build(),
        };
        Ok(Traces(Some(Arc::new(exported))))
    }

    /// The part of one service; nowhere, where it is not one of those that were named at the start.
    pub fn of(&self, service: &str) -> Tracer {
        let place = self.0.as_ref().and_then(|exported| {
            let service = *exported.services.get(service)?;
            let exported = exported.clone();
            Some(Arc::new(Place { exported, service }))
        });
        Tracer(place)
    }

    /// Sends what still waits, as far as that takes no longer than `bound`.
    pub async fn flush(&self, bound: Duration) {
        if let Some(exported) = &self.0 {
            exported.queue.flush(bound).await;
        }
    }
}

impl Tracer {
    /// Decides whether `step` is recorded: by the sampler, which mostly asks the step's parent.
    pub(crate) fn decide(&self, step: TraceParent, parent: Option<TraceParent>) -> TraceParent {
        match &self.0 {
            Some(place) => step.sampled(place.exported.sampler.takes(step, parent)),
            None => step,
        }
    }

    /// Whether anything is recorded at all.
    pub(crate) fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// The step that publishes an event that was written in the step `written_in`, and its parent.
    pub(crate) fn publishing(
        &self,
        written_in: TraceParent,
        event: EventId,
    ) -> (TraceParent, Option<TraceParent>) {
        let (step, parent) = written_in.publishing(event.uuid());
        (self.decide(step, parent), parent)
    }

    /// Whether a step is worth recording.
    pub fn records(&self, step: TraceParent) -> bool {
        self.0.is_some() && step.is_sampled()
    }

    /// The step after `parent`; `parent` itself where nothing of its trace is recorded.
    pub fn after(&self, parent: TraceParent) -> TraceParent {
        match &self.0 {
            Some(place) if parent.is_sampled() => {
                TraceParent::after(Some(parent), &place.exported.ids)
            }
            _ => parent,
        }
    }

    /// Records a step that is over. It is left out where the collector does not keep up.
    pub fn record(&self, step: TraceParent, parent: Option<TraceParent>, span: Span) {
        if let Some(place) = self.0.as_ref().filter(|_| self.records(step)) {
            let exported = &place.exported;
            let data = span.data(step, parent, exported.scope.clone());
            exported.queue.push(place.service, data);
        }
    }
}

impl Span {
    /// A step that took so long, and has ended now.
    pub fn new(kind: Kind, name: impl Into<Cow<'static, str>>, took: Duration) -> Span {
        #[expect(
            clippy::disallowed_methods,
            reason = "a measurement, which no behaviour depends on"
        )]
        let end = SystemTime::now();
        Span {
            kind,
            name: name.into(),
            end,
            took,
            attributes: Vec::with_capacity(6),
            status: Status::Unset,
        }
    }

    /// Says something about it.
    #[must_use]
    pub fn with(mut self, key: &'static str, value: impl Into<Value>) -> Span {
        self.attributes.push(KeyValue::new(key, value));
        self
    }

    /// Says that it failed, with a word of which there are few.
    #[must_use]
    pub fn failed(mut self, why: impl Into<Cow<'static, str>>) -> Span {
        let why = why.into();
        let value = opentelemetry::StringValue::from(why.clone());
        self.attributes.push(KeyValue::new("error.type", value));
        self.status = Status::error(why);
        self
    }

    fn data(
        self,
        step: TraceParent,
        parent: Option<TraceParent>,
        instrumentation_scope: InstrumentationScope,
    ) -> SpanData {
        let (trace, span) = step.numbers();
        let parent_span = parent.map_or(0, |parent| parent.numbers().1);
        SpanData {
            span_context: SpanContext::new(
                TraceId::from(trace),
                SpanId::from(span),
                TraceFlags::SAMPLED,
                false,
                TraceState::NONE,
            ),
            parent_span_id: SpanId::from(parent_span),
            parent_span_is_remote: parent.is_some() && self.kind != Kind::Client,
            span_kind: self.kind,
            name: self.name,
            start_time: self.end.checked_sub(self.took).unwrap_or(self.end),
            end_time: self.end,
            attributes: self.attributes,
            dropped_attributes_count: 0,
            events: SpanEvents::default(),
            links: SpanLinks::default(),
            status: self.status,
            instrumentation_scope,
        }
    }
}

impl std::fmt::Debug for Traces {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Traces").field(&self.0.is_some()).finish()
    }
}

impl std::fmt::Debug for Tracer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Tracer").field(&self.0.is_some()).finish()
    }
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::clock::Clock;

    /// Tenfold what there is room for.
    const SPANS: usize = 80_000;

    #[tokio::test]
    async fn with_a_collector_that_says_nothing_spans_are_left_out_and_nobody_waits() {
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", silent.local_addr().unwrap());
        let settings = TraceSettings::parse(&endpoint, None, None, None).unwrap();
        let ids = Ids::seeded(1, Clock::system());
        let traces = Traces::start(Some(&settings), &["orders"], &ids).unwrap();
        let tracer = traces.of("orders");
        let step = TraceParent::after(None, &ids);
        for _span in 0..SPANS {
            tracer.record(step, None, Span::new(Kind::Server, "GET", Duration::ZERO));
        }
        let waiting = tracer.0.as_ref().unwrap().exported.queue.len();
        assert!(waiting < SPANS / 5, "{waiting}");
        let flushed = tokio::time::timeout(Duration::from_secs(5), async {
            traces.flush(Duration::from_millis(50)).await;
        });
        flushed.await.unwrap();
    }

    #[test]
    fn nothing_is_recorded_without_a_collector_or_for_a_service_that_was_not_named() {
        let step = TraceParent::after(None, &Ids::seeded(1, Clock::system()));
        let tracer = Traces::off().of("orders");
        assert!(!tracer.is_on() && !tracer.records(step));
        assert_eq!(
            tracer.decide(step.sampled(false), None),
            step.sampled(false)
        );
        assert_eq!(tracer.after(step), step);
    }
}
