//! Time: reading it and waiting for it. A measurement is about real time, so this is the one place that reads the
//! machine's clocks; the rest of this crate asks here.
#![expect(
    clippy::disallowed_methods,
    reason = "what is measured here is real time"
)]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The steady clock, for durations.
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// The clock on the wall, in microseconds since 1970: the unit of the server's databases.
pub(crate) fn wall_micros() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Microseconds since `start`.
pub(crate) fn micros_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Lets other tasks run for so long; whole milliseconds, as tokio's timer counts.
pub(crate) async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}

pub(crate) async fn pause_until(instant: Instant) {
    tokio::time::sleep_until(instant.into()).await;
}

/// Stops its thread for a time shorter than tokio's timer can count. Only where nothing else is under way on it.
pub(crate) fn nap(length: Duration) {
    std::thread::sleep(length);
}
