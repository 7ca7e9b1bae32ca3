//! What the process says about itself: logs, measurements for Prometheus, and traces.
//!
//! Owns the names of the metrics of HTTP, and the two global installations, logs and metrics, each done once in a
//! process, however many servers it holds (tests start many). Traces belong to one server: they are handed in.

mod logs;
mod metrics;
pub mod traces;

use tokio::time::Instant;

pub use logs::init_logs;
pub use metrics::Metrics;

/// The names of what is measured about HTTP; `instruments` has the rest.
pub(crate) mod names {
    /// Histogram: seconds from a request's head to its answer, by service, method, route, status.
    pub(crate) const HTTP_REQUEST_SECONDS: &str = "tessera_http_request_seconds";
    /// Counter: connections closed at once because there were too many.
    pub(crate) const HTTP_CONNECTIONS_REFUSED: &str = "tessera_http_connections_refused_total";
}

/// The moment, for measurements.
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement, which no behaviour depends on"
)]
pub fn measured_now() -> Instant {
    Instant::now()
}
