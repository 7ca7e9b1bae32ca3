//! Carries events from outboxes to inboxes. It keeps nothing: durability lives in the databases.
//!
//! The embedded bus hands a batch to every inbox of the process, and answers once all of them
//! have committed it.

use std::sync::Arc;

use futures_util::future::join_all;
use parking_lot::RwLock;
use tessera_contracts::events::EventType;
use tessera_contracts::ids::EventId;
use tokio::sync::broadcast;

use crate::inbox::Inbox;

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
}

/// A batch that was not taken in by everyone: the relay offers it again.
#[derive(Debug, thiserror::Error)]
#[error("{service} did not take the events: {reason}")]
pub struct BusError {
    service: &'static str,
    reason: String,
}

/// The bus between the services of this process. Cheap to clone.
#[derive(Clone)]
pub struct Bus(Arc<Embedded>);

struct Embedded {
    inboxes: RwLock<Vec<Arc<Inbox>>>,
    onlookers: broadcast::Sender<Message>,
}

impl Bus {
    /// A bus inside this process.
    pub fn embedded() -> Bus {
        let onlookers = broadcast::Sender::new(ONLOOKER_BOUND);
        Bus(Arc::new(Embedded {
            inboxes: RwLock::default(),
            onlookers,
        }))
    }

    /// Hands every later event that `inbox` wants to it.
    pub fn subscribe(&self, inbox: Arc<Inbox>) {
        self.0.inboxes.write().push(inbox);
    }

    /// Shows events as they pass, without any promise: a slow onlooker misses some.
    pub fn watch(&self) -> broadcast::Receiver<Message> {
        self.0.onlookers.subscribe()
    }

    /// Hands `messages` to every inbox that wants some of them, and answers once all of these
    /// have committed. May be called again with the same messages.
    pub async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError> {
        let messages: Arc<[Message]> = messages.into();
        let inboxes = self.0.inboxes.read().clone();
        let taken = inboxes.iter().map(|inbox| async {
            inbox.receive(&messages).await.map_err(|error| BusError {
                service: inbox.owner(),
                reason: error.to_string(),
            })
        });
        // Each of them gets it, also where another one fails: what was taken is known when it comes again.
        join_all(taken)
            .await
            .into_iter()
            .collect::<Result<(), _>>()?;
        if self.0.onlookers.receiver_count() > 0 {
            for message in messages.iter() {
                // An error says that nobody looks any more.
                drop(self.0.onlookers.send(message.clone()));
            }
        }
        Ok(())
    }
}
