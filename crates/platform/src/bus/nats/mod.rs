//! NATS JetStream: one stream for all events, and a durable consumer for each service.
//!
//! The stream may lose what it has confirmed (a disk that lied, a store that was restored from an older copy):
//! relays notice by its position, and fill it again from their outboxes.

mod batch;
mod connect;
mod connected;
mod consumer;
mod intake;
mod publish;
mod settings;
mod stream;
mod unconfirmed;
mod watch;

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicI64};

use async_nats::jetstream::Context;
use async_nats::{Client, connection};
use tokio::sync::broadcast;

use super::{BusError, Message};
use crate::instruments;

pub use connect::ConnectError;
pub use intake::Intake;
pub use settings::NatsSettings;

/// The one stream.
pub const STREAM: &str = "TESSERA";

/// What begins the subject of every event.
const PREFIX: &str = "tessera.";

/// A connection to the servers.
pub struct Nats {
    client: Client,
    context: Context,
    settings: NatsSettings,
    /// When the stream was made, as it was last seen: in microseconds since 1970.
    created: AtomicI64,
    /// Whether the stream takes several messages at once, as it was last seen.
    takes_batches: AtomicBool,
    onlookers: OnceLock<broadcast::Sender<Message>>,
}

impl Nats {
    /// Whether there is a connection at this moment.
    pub(super) fn health(&self) -> Result<(), BusError> {
        let connected = self.client.connection_state() == connection::State::Connected;
        instruments::bus_connected().set(if connected { 1.0 } else { 0.0 });
        if connected {
            return Ok(());
        }
        Err(BusError("there is no connection to NATS".to_owned()))
    }
}

/// A failure of the bus, in words.
fn failed(error: impl std::fmt::Display) -> BusError {
    BusError(format!("NATS: {error}"))
}
