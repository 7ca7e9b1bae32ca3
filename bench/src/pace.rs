//! Time: reading it and waiting for it. A measurement is about real time, so this is the one place that reads the
//! machine's clocks; the rest of this crate asks here.
#![expect(
    clippy::disallowed_methods,
    reason = "what is measured here is real time"
)]

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use tokio::io::unix::AsyncFd;

use crate::failure::{Because, Failure};

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

/// A timer of the kernel's, which counts in nanoseconds. tokio's counts in whole milliseconds, and what it comes later would be
/// told as latency of the server.
pub(crate) struct Alarm(AsyncFd<OwnedFd>);

impl Alarm {
    pub(crate) fn new() -> Result<Self, Failure> {
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let timer = timerfd_create(TimerfdClockId::Monotonic, flags).because("a timer")?;
        #[expect(
            deprecated,
            reason = "its successor is unsafe; an OwnedFd stays open for as long as it is registered, as that asks"
        )]
        AsyncFd::new(timer).because("a timer").map(Self)
    }

    /// Lets other tasks run until then, or not at all if that is over.
    pub(crate) async fn wait_until(&self, instant: Instant) -> Result<(), Failure> {
        let ahead = instant.saturating_duration_since(Instant::now());
        if ahead.is_zero() {
            return Ok(());
        }
        let once = Itimerspec {
            it_interval: Timespec::default(),
            it_value: Timespec::try_from(ahead).because("so long a wait")?,
        };
        timerfd_settime(&self.0, TimerfdTimerFlags::empty(), &once).because("a timer")?;
        loop {
            let mut ready = self.0.readable().await.because("a timer")?;
            let rung = ready.try_io(|timer| {
                let mut count = [0; 8];
                Ok(rustix::io::read(timer, &mut count)?)
            });
            if let Ok(rung) = rung {
                return rung.because("a timer").map(|_| ());
            }
        }
    }
}

/// Lets other tasks run for so long; whole milliseconds, as tokio's timer counts.
pub(crate) async fn pause(length: Duration) {
    tokio::time::sleep(length).await;
}

pub(crate) async fn pause_until(instant: Instant) {
    tokio::time::sleep_until(instant.into()).await;
}

/// Stops its thread: only where nothing else is under way on it.
pub(crate) fn nap(length: Duration) {
    std::thread::sleep(length);
}
