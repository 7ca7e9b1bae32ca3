//! How long an event may be on its way between two services.

use jiff::{SignedDuration, Timestamp};
use tessera_platform::config::Settings;

/// What carries the events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bus {
    /// Inside one process: an event is published when all its followers have it.
    Embedded,
    /// A stream: an event is published when the stream has it, and its followers fetch it from there.
    Nats,
}

/// A follower has an event of the stream within milliseconds, and within a few seconds when it has just
/// started; one that was handed to a process which then died is handed to another after ten. So a minute is long,
/// even with the clocks of two machines some seconds apart. What takes longer is lost, or its follower
/// does not run: both want looking into.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(60);

/// From when on what was published may still be on its way at `now`.
pub(super) fn travelling_since(now: Timestamp) -> Timestamp {
    now.saturating_sub(ON_ITS_WAY).unwrap_or(Timestamp::MIN)
}

impl Bus {
    pub(super) fn of(settings: &Settings) -> Bus {
        match settings.nats {
            Some(_) => Bus::Nats,
            None => Bus::Embedded,
        }
    }

    /// What was published before this moment, as microseconds since 1970, must have arrived by `now`. Without
    /// one, whatever is published has arrived.
    pub(super) fn arrived(self, now: Timestamp) -> Option<i64> {
        match self {
            Bus::Embedded => None,
            Bus::Nats => Some(travelling_since(now).as_microsecond()),
        }
    }
}
