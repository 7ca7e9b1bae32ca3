//! Measurements for Prometheus.

use std::sync::OnceLock;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// The names of what is measured about HTTP; `instruments` has the rest.
pub(crate) mod names {
    /// Histogram: seconds from a request's head to its answer, by service, method, route, status.
    pub(crate) const HTTP_REQUEST_SECONDS: &str = "tessera_http_request_seconds";
    /// Counter: connections closed at once because there were too many.
    pub(crate) const HTTP_CONNECTIONS_REFUSED: &str = "tessera_http_connections_refused_total";
}

/// Bounds of the buckets for durations, in seconds.
const SECONDS: &[f64] = &[
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
];

/// Bounds of the buckets for batch sizes.
const SIZES: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

const UPKEEP_INTERVAL: Duration = Duration::from_secs(5);

/// The measurements of this process.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Starts measuring, or joins in if that was done before. What was measured earlier is lost.
    pub fn install() -> Metrics {
        static INSTALLED: OnceLock<PrometheusHandle> = OnceLock::new();
        Metrics(INSTALLED.get_or_init(start).clone())
    }

    /// All measurements, in Prometheus' text form.
    pub fn render(&self) -> String {
        self.0.render()
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}

fn start() -> PrometheusHandle {
    let recorder = with_buckets(PrometheusBuilder::new()).build_recorder();
    let handle = recorder.handle();
    if metrics::set_global_recorder(recorder).is_err() {
        tracing::warn!("another recorder of metrics was installed before; /metrics stays empty");
    }
    describe();
    file_away(handle.clone());
    handle
}

/// Moves the samples of histograms, which wait in memory, into their buckets every few seconds:
/// otherwise they would wait for somebody to read the metrics, and nobody may.
fn file_away(handle: PrometheusHandle) {
    let thread = std::thread::Builder::new().name("metrics".to_owned());
    let started = thread.spawn(move || {
        loop {
            std::thread::park_timeout(UPKEEP_INTERVAL);
            handle.run_upkeep();
        }
    });
    if let Err(error) = started {
        tracing::warn!("the thread that files metrics away did not start: {error}");
    }
}

fn with_buckets(builder: PrometheusBuilder) -> PrometheusBuilder {
    let seconds = Matcher::Suffix("_seconds".to_owned());
    let sizes = Matcher::Suffix("_size".to_owned());
    // Only an empty list of bounds is refused.
    builder
        .set_buckets_for_metric(seconds, SECONDS)
        .and_then(|builder| builder.set_buckets_for_metric(sizes, SIZES))
        .unwrap_or_default()
}

fn describe() {
    use metrics::Unit::{Count, Seconds};
    metrics::describe_histogram!(
        names::HTTP_REQUEST_SECONDS,
        Seconds,
        "Time to answer a request"
    );
    metrics::describe_counter!(
        names::HTTP_CONNECTIONS_REFUSED,
        Count,
        "Connections closed because there were too many"
    );
    crate::instruments::describe();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measuring_is_started_once() {
        let (one, other) = (Metrics::install(), Metrics::install());
        metrics::counter!("telemetry_test_total").increment(1);
        metrics::histogram!("telemetry_test_seconds").record(0.003);
        for text in [one.render(), other.render()] {
            assert!(text.contains("telemetry_test_total 1"), "{text}");
            assert!(
                text.contains("telemetry_test_seconds_bucket{le=\"0.005\"} 1"),
                "{text}"
            );
        }
    }
}
