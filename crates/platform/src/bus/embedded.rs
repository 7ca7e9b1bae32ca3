//! The bus inside one process: hands a batch to every inbox, and answers once all of them have committed it.

use std::sync::Arc;

use futures_util::future::join_all;
use parking_lot::RwLock;
use tokio::sync::broadcast;

use super::{BusError, Message, ONLOOKER_BOUND};
use crate::inbox::Inbox;

/// The inboxes of the process, and who looks on.
pub struct Embedded {
    inboxes: RwLock<Vec<Arc<Inbox>>>,
    onlookers: broadcast::Sender<Message>,
}

impl Default for Embedded {
    fn default() -> Embedded {
        Embedded {
            inboxes: RwLock::default(),
            onlookers: broadcast::Sender::new(ONLOOKER_BOUND),
        }
    }
}

impl Embedded {
    pub(super) fn subscribe(&self, inbox: Arc<Inbox>) {
        self.inboxes.write().push(inbox);
    }

    pub(super) fn watch(&self) -> broadcast::Receiver<Message> {
        self.onlookers.subscribe()
    }

    /// Hands `messages` to every inbox that wants some of them, and answers once all of these
    /// have committed. May be called again with the same messages.
    pub(super) async fn publish(&self, messages: Vec<Message>) -> Result<(), BusError> {
        let messages: Arc<[Message]> = messages.into();
        let inboxes = self.inboxes.read().clone();
        let taken = inboxes.iter().map(|inbox| async {
            let taken = inbox.receive(&messages).await;
            taken.map_err(|error| {
                BusError(format!(
                    "{} did not take the events: {error}",
                    inbox.owner()
                ))
            })
        });
        // Each of them gets it, also where another one fails: what was taken is known when it comes again.
        join_all(taken)
            .await
            .into_iter()
            .collect::<Result<(), _>>()?;
        if self.onlookers.receiver_count() > 0 {
            for message in messages.iter() {
                // An error says that nobody looks any more.
                drop(self.onlookers.send(message.clone()));
            }
        }
        Ok(())
    }
}
