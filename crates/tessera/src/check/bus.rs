//! What carries the events, and how long one may be on its way between two services.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use tessera_platform::bus::nats::Nats;
use tessera_platform::config::Settings;
use tokio::runtime::Handle;
use uuid::Uuid;

use super::fault::{Fault, Unreadable};
use super::follows::SERVICES;

/// Which events the bus still has for which follower, by the followers' own confirmations.
pub(super) const TABLE: &str = "CREATE TEMP TABLE on_bus (
    event_id uuid NOT NULL, follower text NOT NULL, PRIMARY KEY (event_id, follower)) WITHOUT ROWID";

const NOTE: &str = "INSERT OR IGNORE INTO temp.on_bus VALUES (?1, ?2)";

/// What carries the events.
#[derive(Clone)]
pub(super) enum Bus {
    /// Inside one process: an event is published when all its followers have it.
    Embedded,
    /// A stream: an event is published when the stream has it, and its followers fetch it from there.
    Stream(Option<Look>),
}

/// A way to ask the stream.
#[derive(Clone)]
pub(super) struct Look {
    nats: Arc<Nats>,
    runtime: Handle,
}

/// What the bus said that it still has. It is asked before the databases are read: what a service takes in
/// between is in its inbox by then.
#[derive(Default)]
pub(super) struct OnBus(Vec<(&'static str, Vec<Uuid>)>);

/// Of an event that no follower has and the bus no more: it was just handed over, or published since the bus
/// was asked. Where the bus cannot be asked, this is all that there is to go by. So a minute is long, even with
/// the clocks of two machines some seconds apart.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_secs(60);

/// From when on what was published may still be on its way at `now`.
pub(super) fn travelling_since(now: Timestamp) -> Timestamp {
    now.saturating_sub(ON_ITS_WAY).unwrap_or(Timestamp::MIN)
}

impl Bus {
    /// Connects to what carries the events, if it can be reached; the other answer says why it cannot. To be
    /// called, as all of this, on a thread of the runtime that may block.
    pub(super) fn of(settings: &Settings) -> (Bus, Option<String>) {
        let Some(settings) = &settings.nats else {
            return (Bus::Embedded, None);
        };
        let runtime = Handle::current();
        match runtime.block_on(Nats::look(settings, "check")) {
            Ok(nats) => {
                let nats = Arc::new(nats);
                (Bus::Stream(Some(Look { nats, runtime })), None)
            }
            Err(error) => (Bus::Stream(None), Some(error.to_string())),
        }
    }

    /// What was published before this moment, as microseconds since 1970, must have arrived by `now`, or the
    /// bus still has it. Without one, whatever is published has arrived.
    pub(super) fn arrived(&self, now: Timestamp) -> Option<i64> {
        match self {
            Bus::Embedded => None,
            Bus::Stream(_) => Some(travelling_since(now).as_microsecond()),
        }
    }

    /// What it has at this moment that a follower has not confirmed.
    pub(super) fn ask(&self) -> Result<OnBus, Unreadable> {
        let Bus::Stream(Some(look)) = self else {
            return Ok(OnBus::default());
        };
        let mut all = Vec::new();
        for (follower, follows) in SERVICES {
            let asked = look.nats.unconfirmed(follower, follows);
            let ids = look.runtime.block_on(asked);
            let ids = ids.map_err(|error| Unreadable(format!("NATS_URL: {error}")))?;
            all.push((follower, ids));
        }
        Ok(OnBus(all))
    }
}

impl OnBus {
    /// Notes it in the table.
    pub(super) fn note(&self, connection: &Connection) -> Result<(), Fault> {
        let mut note = connection.prepare_cached(NOTE)?;
        for (follower, ids) in &self.0 {
            for id in ids {
                note.execute((id.as_bytes(), follower))?;
            }
        }
        Ok(())
    }

    /// A moment before which none of it was published: its ids were drawn before.
    pub(super) fn since(&self) -> Option<Timestamp> {
        let first = self.0.iter().flat_map(|(_, ids)| ids).min()?;
        let (seconds, _) = first.get_timestamp()?.to_unix();
        let drawn = Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?;
        Some(travelling_since(drawn))
    }
}
