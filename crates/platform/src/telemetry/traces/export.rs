//! From the queue to the collector, a batch at a time. What does not fit is left out and counted.
//!
//! The SDK has a processor for this. This one runs on the runtime that is there, has one queue for all services of the
//! process, and counts what it leaves out.

use std::time::Duration;

use futures_util::future::join_all;
use metrics::Counter;
use opentelemetry::KeyValue;
use opentelemetry_otlp::{Protocol, RetryPolicy, SpanExporter, WithExportConfig, WithHttpConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::trace::{SpanData, SpanExporter as _};
use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use super::settings::TraceSettings;
use crate::config::SettingError;
use crate::instruments;
use crate::telemetry::measured_now;

/// Spans that wait, at most: a few megabytes.
const ROOM: usize = 8_192;
/// Of them, those in one request to the collector.
const BATCH: usize = 1_024;
/// How long a span waits for others to go with it.
const GATHERED_FOR: Duration = Duration::from_secs(1);
/// How long the collector may take over a batch.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// While the collector is away, the log says so once in this time.
const SAID_EVERY: Duration = Duration::from_mins(5);

/// The spans that wait.
pub(super) struct Queue {
    sender: mpsc::Sender<Waiting>,
    dropped: Counter,
}

enum Waiting {
    /// Of the service with this number.
    Span(usize, Box<SpanData>),
    /// Somebody who wants to know when all before this was sent.
    Flush(oneshot::Sender<()>),
}

impl Queue {
    /// Starts to send.
    pub(super) fn start(
        settings: &TraceSettings,
        services: &[&'static str],
    ) -> Result<Queue, SettingError> {
        let client = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| refused(&error))?;
        let exporters: Result<Vec<_>, _> = services
            .iter()
            .map(|service| exporter(settings, client.clone(), service))
            .collect();
        let (sender, receiver) = mpsc::channel(ROOM);
        let dropped = instruments::spans_dropped();
        let sending = Sending {
            exporters: exporters?,
            dropped: dropped.clone(),
            is_away: false,
            said: None,
        };
        tokio::spawn(sending.run(receiver));
        Ok(Queue { sender, dropped })
    }

    pub(super) fn push(&self, service: usize, span: SpanData) {
        let waiting = Waiting::Span(service, Box::new(span));
        if self.sender.try_send(waiting).is_err() {
            self.dropped.increment(1);
        }
    }

    /// How many wait.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.sender.max_capacity() - self.sender.capacity()
    }

    pub(super) async fn flush(&self, bound: Duration) {
        let (sender, sent) = oneshot::channel();
        let flushed = async {
            if self.sender.send(Waiting::Flush(sender)).await.is_ok() {
                drop(sent.await);
            }
        };
        if tokio::time::timeout(bound, flushed).await.is_err() {
            tracing::warn!("the last spans were not sent in time");
        }
    }
}

fn exporter(
    settings: &TraceSettings,
    client: reqwest::Client,
    service: &str,
) -> Result<SpanExporter, SettingError> {
    let mut exporter = SpanExporter::builder()
        .with_http()
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(settings.url.as_str())
        .with_headers(settings.headers.clone())
        .with_retry_policy(RetryPolicy::disabled())
        .build()
        .map_err(|error| refused(&error))?;
    let resource = Resource::builder()
        .with_service_name(format!("tessera-{service}"))
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    exporter.set_resource(&resource);
    Ok(exporter)
}

fn refused(error: &dyn std::error::Error) -> SettingError {
    SettingError::new("OTEL_EXPORTER_OTLP_ENDPOINT", error.to_string())
}

/// The task that sends.
struct Sending {
    /// One for each service, by its number.
    exporters: Vec<SpanExporter>,
    dropped: Counter,
    is_away: bool,
    said: Option<Instant>,
}

impl Sending {
    /// Ends when nobody can record anything any more.
    async fn run(mut self, mut receiver: mpsc::Receiver<Waiting>) {
        let mut batch = Vec::with_capacity(BATCH);
        while receiver.recv_many(&mut batch, BATCH).await > 0 {
            gather(&mut receiver, &mut batch).await;
            self.send(batch.drain(..)).await;
        }
    }

    async fn send(&mut self, batch: impl Iterator<Item = Waiting>) {
        let mut spans: Vec<Vec<SpanData>> = self.exporters.iter().map(|_| Vec::new()).collect();
        let mut flushes = Vec::new();
        for waiting in batch {
            match waiting {
                Waiting::Span(service, span) => {
                    if let Some(spans) = spans.get_mut(service) {
                        spans.push(*span);
                    }
                }
                Waiting::Flush(flush) => flushes.push(flush),
            }
        }
        let sent = self.exporters.iter().zip(spans);
        let sent =
            sent.filter(|(_, spans)| !spans.is_empty())
                .map(|(exporter, spans)| async move {
                    let count = spans.len();
                    exporter.export(spans).await.map_err(|error| (count, error))
                });
        let outcomes = join_all(sent).await;
        let lost: Vec<_> = outcomes.into_iter().filter_map(Result::err).collect();
        self.note(&lost);
        for flush in flushes {
            // Whoever asked may have gone.
            let _gone = flush.send(());
        }
    }

    fn note(&mut self, lost: &[(usize, OTelSdkError)]) {
        let Some((_, error)) = lost.first() else {
            if std::mem::take(&mut self.is_away) {
                tracing::info!("the collector takes spans again");
            }
            return;
        };
        let count: usize = lost.iter().map(|(count, _)| count).sum();
        self.dropped
            .increment(u64::try_from(count).unwrap_or(u64::MAX));
        self.is_away = true;
        let now = measured_now();
        if self
            .said
            .is_none_or(|said| now.duration_since(said) >= SAID_EVERY)
        {
            self.said = Some(now);
            tracing::warn!(%error, "the collector of OTEL_EXPORTER_OTLP_ENDPOINT does not take spans: they are left out");
        }
    }
}

/// Waits a while for more spans, until the batch is full or somebody wants it sent.
#[expect(
    clippy::disallowed_methods,
    reason = "a pause between two batches, which nothing waits for"
)]
async fn gather(receiver: &mut mpsc::Receiver<Waiting>, batch: &mut Vec<Waiting>) {
    let mut over = std::pin::pin!(tokio::time::sleep(GATHERED_FOR));
    while batch.len() < BATCH && !batch.iter().any(Waiting::is_flush) {
        let room = BATCH - batch.len();
        tokio::select! {
            came = receiver.recv_many(batch, room) => if came == 0 { return },
            () = &mut over => return,
        }
    }
}

impl Waiting {
    fn is_flush(&self) -> bool {
        matches!(self, Waiting::Flush(_))
    }
}
