//! Carries events from outboxes to inboxes. It keeps nothing that counts: durability lives in the databases.
//!
//! Inside one process the [`embedded`] bus hands them over; between processes [`nats`] carries them.

pub mod embedded;
pub mod nats;
mod pending;

use std::sync::{Arc, OnceLock};

use tessera_contracts::events::{Event, EventError, EventType};
use tessera_contracts::ids::EventId;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::BoxFuture;
use crate::inbox::Inbox;
use embedded::Embedded;
use nats::{Intake, Nats};

pub use pending::Pending;

/// Messages that a slow onlooker may fall behind before it loses the oldest.
const ONLOOKER_BOUND: usize = 1_024;

/// An event on its way: a CloudEvents envelope, and what is needed to pass it on unread.
#[derive(Clone, Debug)]
pub struct Message {
    /// The event's id: the key by which inboxes recognise a duplicate.
    pub id: EventId,
    /// The event's type: whether an inbox wants it.
    pub event_type: EventType,
    /// The whole envelope, as JSON.
    pub payload: Arc<str>,
    /// The same, once somebody has read it.
    read: OnceLock<Arc<Opened>>,
}

/// An event, or why it is none.
pub(crate) type Opened = Result<Event, EventError>;

impl Message {
    /// One that nobody has read yet.
    pub fn new(id: EventId, event_type: EventType, payload: Arc<str>) -> Message {
        Message {
            id,
            event_type,
            payload,
            read: OnceLock::new(),
        }
    }

    /// The event in it, which is read once for all who ask.
    pub(crate) fn event(&self) -> &Arc<Opened> {
        self.read
            .get_or_init(|| Arc::new(Event::from_json(&self.payload)))
    }
}

/// A batch that was not taken: the relay offers it again.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct BusError(pub(crate) String);

impl BusError {
    /// One with these words.
    pub fn new(words: impl Into<String>) -> BusError {
        BusError(words.into())
    }
}

/// The last message that a bus with a store of its own has confirmed to a relay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confirmed {
    /// When its stream was made, in microseconds since 1970: another one has another.
    pub created: i64,
    /// The message's number in the stream.
    pub sequence: i64,
    /// The event in it.
    pub event: Uuid,
}

/// The bus between the services. Cheap to clone.
#[derive(Clone)]
pub enum Bus {
    /// Between the services of this process.
    Embedded(Arc<Embedded>),
    /// Between processes.
    Nats(Arc<Nats>),
    /// In a simulation.
    Carried(Arc<dyn Carrier>),
}

/// What carries events in a simulation: a store of its own like that of a server, and all that may go wrong on the way.
pub trait Carrier: Send + Sync {
    /// Takes down who wants events.
    fn subscribe(&self, inbox: Arc<Inbox>);

    /// As [`Bus::publish`].
    fn publish(&self, messages: Vec<Message>)
    -> BoxFuture<'_, Result<Option<Confirmed>, BusError>>;

    /// As [`Bus::still_has`].
    fn still_has<'a>(&'a self, confirmed: &'a Confirmed) -> BoxFuture<'a, Result<bool, BusError>>;
}

impl Bus {
    /// A bus inside this process.
    pub fn embedded() -> Bus {
        Bus::Embedded(Arc::default())
    }

    /// Hands every later event that `inbox` wants to it. The answer, if there is one, has to be run for that.
    pub fn subscribe(&self, inbox: Arc<Inbox>) -> Option<Intake> {
        match self {
            Bus::Embedded(bus) => {
                bus.subscribe(inbox);
                None
            }
            Bus::Nats(bus) => Some(Intake::new(bus.clone(), inbox)),
            Bus::Carried(bus) => {
                bus.subscribe(inbox);
                None
            }
        }
    }

    /// Shows events as they pass, without any promise: a slow onlooker misses some.
    pub fn watch(&self) -> broadcast::Receiver<Message> {
        match self {
            Bus::Embedded(bus) => bus.watch(),
            Bus::Nats(bus) => bus.watch(),
            Bus::Carried(_) => broadcast::channel(1).1,
        }
    }

    /// Carries `messages`: answers once every inbox of this process has committed them, or once the stream
    /// has stored them, and then up to where. May be called again with the same messages.
    pub async fn publish(&self, messages: Vec<Message>) -> Result<Option<Confirmed>, BusError> {
        match self {
            Bus::Embedded(bus) => bus.publish(messages).await.map(|()| None),
            Bus::Nats(bus) => bus.while_connected(bus.publish(&messages)).await,
            Bus::Carried(bus) => bus.publish(messages).await,
        }
    }

    /// What carries the events, as traces name it.
    pub(crate) fn system(&self) -> &'static str {
        match self {
            Bus::Embedded(_) => "in_process",
            Bus::Nats(_) => "nats",
            Bus::Carried(_) => "carried",
        }
    }

    /// Whether it keeps a store of its own, which may lose what it confirmed.
    pub fn has_stream(&self) -> bool {
        !matches!(self, Bus::Embedded(_))
    }

    /// Whether its store still has what it confirmed.
    pub async fn still_has(&self, confirmed: &Confirmed) -> Result<bool, BusError> {
        match self {
            Bus::Embedded(_) => Ok(true),
            Bus::Nats(bus) => bus.while_connected(bus.still_has(confirmed)).await,
            Bus::Carried(bus) => bus.still_has(confirmed).await,
        }
    }

    /// How many events its store has for `service` that this has not confirmed.
    pub(crate) async fn pending(&self, service: &str) -> Result<Option<u64>, BusError> {
        match self {
            Bus::Embedded(_) | Bus::Carried(_) => Ok(None),
            Bus::Nats(bus) => bus.pending(service).await,
        }
    }

    /// The same, and cheaper, of a message that its store has not let go for its age yet.
    pub async fn is_in_place(&self, confirmed: &Confirmed) -> Result<bool, BusError> {
        match self {
            Bus::Embedded(_) => Ok(true),
            Bus::Nats(bus) => bus.while_connected(bus.is_in_place(confirmed)).await,
            Bus::Carried(bus) => bus.still_has(confirmed).await,
        }
    }

    /// Tells the process whose relay is `holder` that there is something in the outbox of `service`. A hint:
    /// one that is lost costs a moment.
    pub async fn nudge(&self, service: &str, holder: Uuid) {
        if let Bus::Nats(bus) = self {
            bus.nudge(service, holder).await;
        }
    }

    /// Tells all processes of `service` that nobody publishes its outbox at this moment. A hint, too.
    pub async fn nudge_all(&self, service: &str) {
        if let Bus::Nats(bus) = self {
            bus.nudge_all(service).await;
        }
    }

    /// Calls `wake` when another process nudges this one's relay, or all of them. Never ends by itself.
    pub async fn on_nudge(&self, service: &str, me: Uuid, wake: impl Fn()) {
        match self {
            Bus::Embedded(_) | Bus::Carried(_) => std::future::pending().await,
            Bus::Nats(bus) => bus.on_nudge(service, me, wake).await,
        }
    }

    /// How often it has had to connect: what passed between two connections, onlookers have not seen.
    pub fn connects(&self) -> u64 {
        match self {
            Bus::Embedded(_) | Bus::Carried(_) => 0,
            Bus::Nats(bus) => bus.connects(),
        }
    }

    /// Whether it can carry anything at this moment.
    pub fn health(&self) -> Result<(), BusError> {
        match self {
            Bus::Embedded(_) | Bus::Carried(_) => Ok(()),
            Bus::Nats(bus) => bus.health(),
        }
    }
}
