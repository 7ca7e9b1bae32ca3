//! Looking on: what passes on the stream's subjects, live and without any promise.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio::sync::broadcast;

use super::{Nats, PREFIX, intake};
use crate::bus::{Message, ONLOOKER_BOUND};

impl Nats {
    /// The first one who looks makes the process hear everything from then on.
    pub(in crate::bus) fn watch(self: &Arc<Self>) -> broadcast::Receiver<Message> {
        let onlookers = self.onlookers.get_or_init(|| {
            let onlookers = broadcast::Sender::new(ONLOOKER_BOUND);
            tokio::spawn(show(self.client.clone(), onlookers.clone()));
            onlookers
        });
        onlookers.subscribe()
    }
}

async fn show(client: async_nats::Client, onlookers: broadcast::Sender<Message>) {
    let Ok(mut passing) = client.subscribe(format!("{PREFIX}>")).await else {
        return;
    };
    while let Some(message) = passing.next().await {
        if let Some(message) = intake::read(&message) {
            // An error says that nobody looks at this moment.
            drop(onlookers.send(message));
        }
    }
}
