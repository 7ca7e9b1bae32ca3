//! What the process says about itself: logs, measurements for Prometheus, and traces.
//!
//! Owns the two global installations, logs and metrics, each done once in a
//! process, however many servers it holds (tests start many). Traces belong to one server: they are handed in.

mod logs;
mod metrics;
pub mod traces;

use tokio::time::Instant;

pub use logs::init_logs;
pub use metrics::Metrics;
pub(crate) use metrics::names;

/// The moment, for measurements.
#[expect(
    clippy::disallowed_methods,
    reason = "a measurement, which no behaviour depends on"
)]
pub fn measured_now() -> Instant {
    Instant::now()
}
