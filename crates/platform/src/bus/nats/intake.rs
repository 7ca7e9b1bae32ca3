//! From the stream into an inbox: a durable consumer for each service, of which each replica takes its share.

use std::sync::Arc;
use std::time::Duration;

use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::consumer::Consumer;
use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::{self, AckKind};
use futures_util::stream::{FuturesUnordered, ReadyChunks};
use futures_util::{FutureExt, StreamExt};
use tessera_contracts::ids::EventId;
use tokio::time::MissedTickBehavior;

use super::publish::type_of;
use super::{Nats, failed};
use crate::bus::{BusError, Message};
use crate::db::DbError;
use crate::inbox::{Inbox, Unfollowed};
use crate::worker::{Next, Stop, WorkerError};

/// Events in one transaction.
const BATCH: usize = 128;

/// Events that a replica asks for before it has handled those that it has.
const ASKED_FOR: usize = 256;

/// Events of one service that may be under way at once, in all its replicas.
pub(super) const UNDER_WAY: i64 = 4_096;

/// A replica that says nothing for so long has died: its events go to another.
pub(super) const SILENT_FOR: Duration = Duration::from_secs(10);

/// So a long batch says in time that it is still at work.
const STILL_AT_WORK: Duration = Duration::from_secs(3);

/// How long a request for events stands. A replica that stops waits for its end: what is sent for it until then would
/// be missed for ten seconds, and nothing takes the request back.
const STANDS_FOR: Duration = Duration::from_secs(1);

/// A server that does not even say that the request is over has gone away.
const NOTICED_AFTER: Duration = Duration::from_secs(3);

/// How often the consumer is looked at.
const LOOK_EVERY: Duration = Duration::from_secs(30);

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

type Messages = ReadyChunks<jetstream::consumer::pull::Batch>;

/// Some messages, opened.
struct Batch {
    /// The connection that they came by.
    connection: u64,
    messages: Vec<Message>,
    /// Those that this version does not follow.
    others: Vec<Unfollowed>,
    /// All of them, to be answered.
    held: Vec<jetstream::Message>,
}

/// One service's way in.
pub struct Intake {
    bus: Arc<Nats>,
    inbox: Arc<Inbox>,
}

impl Intake {
    pub(in crate::bus) fn new(bus: Arc<Nats>, inbox: Arc<Inbox>) -> Intake {
        Intake { bus, inbox }
    }

    /// Takes in whatever comes, until told to stop; then asks for no more, and takes in what it has asked for.
    pub async fn run(&self, mut stop: Stop) {
        if self.inbox.follows().is_empty() {
            return;
        }
        let mut pause = FIRST_PAUSE;
        while !stop.is_set() {
            let error = match self.consumer().await {
                Ok(consumer) => {
                    pause = FIRST_PAUSE;
                    match self.take_all(&consumer, &mut stop).await {
                        Ok(()) => return,
                        Err(error) => error,
                    }
                }
                Err(error) => error,
            };
            tracing::warn!(service = self.inbox.owner(), %error, "events do not come in, trying again");
            tokio::select! {
                () = rest(pause) => {}
                () = stop.wait() => {}
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Takes in what is there at this moment, for tests that let events travel by hand.
    pub async fn step(&self) -> Result<Next, WorkerError> {
        if self.inbox.follows().is_empty() {
            return Ok(Next::Idle);
        }
        let consumer = self.consumer().await?;
        let connection = self.bus.connects();
        let fetched = consumer.fetch().max_messages(BATCH).messages().await;
        let mut fetched = fetched.map_err(failed)?;
        let mut batch = Vec::new();
        while let Some(message) = fetched.next().await {
            batch.push(message.map_err(failed)?);
        }
        if batch.is_empty() {
            return Ok(Next::Idle);
        }
        let batch = self.opened(batch, connection).await;
        self.receive(&batch).await?;
        self.settle(&batch, AckKind::Ack).await;
        Ok(Next::Again)
    }

    async fn consumer(&self) -> Result<Consumer<Config>, BusError> {
        let follows = self.inbox.follows();
        self.bus.consumer(self.inbox.owner(), &follows).await
    }

    /// A version that is older than this program may have changed the consumer, or somebody by hand.
    async fn look_at_consumer(&self) -> Result<(), BusError> {
        let follows = self.inbox.follows();
        let looked = self.bus.lets_through(self.inbox.owner(), &follows).await;
        // Whether it can be asked at this moment, the events themselves tell.
        if looked.unwrap_or(true) {
            return Ok(());
        }
        Err(failed(
            "the consumer does not let through what this version follows; what it held back meanwhile is published again by `tessera events replay`",
        ))
    }

    /// Takes in all of them: those that this version follows have their effects, and others are left to one
    /// that does.
    async fn receive(&self, batch: &Batch) -> Result<(), DbError> {
        self.inbox.receive(&batch.messages).await?;
        self.inbox.leave(&batch.others).await
    }

    /// Opens the messages. What nobody can read is told to the log, and not asked for again: no inbox could
    /// keep it.
    async fn opened(&self, messages: Vec<jetstream::Message>, connection: u64) -> Batch {
        let mut batch = Batch {
            connection,
            messages: Vec::with_capacity(messages.len()),
            others: Vec::new(),
            held: Vec::with_capacity(messages.len()),
        };
        let mut unreadable = Vec::new();
        for message in messages {
            match (read(&message), envelope(&message)) {
                (Some(event), _) if self.inbox.wants(event.event_type) => {
                    batch.messages.push(event)
                }
                (_, Some((id, payload))) => batch.others.push(Unfollowed { id, payload }),
                _ => {
                    tracing::error!(subject = %message.subject, "a message on the stream is no event: it is left out");
                    unreadable.push(message);
                    continue;
                }
            }
            batch.held.push(message);
        }
        self.answer(&unreadable, connection, AckKind::Term).await;
        batch
    }

    /// Says what became of all of a batch.
    async fn settle(&self, batch: &Batch, answer: AckKind) {
        self.answer(&batch.held, batch.connection, answer).await;
    }

    /// An answer names a place in the stream, and not what is there. While the server was away its store may have been
    /// put back, and another event may be in that place by now: then whatever is there is asked for again, which costs
    /// nothing but a look into the inbox.
    async fn answer(&self, messages: &[jetstream::Message], connection: u64, answer: AckKind) {
        let answer = if self.bus.is_connected_as(connection) {
            answer
        } else {
            AckKind::Nak(None)
        };
        answer_all(messages, answer).await;
    }

    /// Ends well when told to stop, and with an error when the events stop coming.
    #[expect(
        clippy::disallowed_methods,
        reason = "the bus has the machine's own time, which no test moves"
    )]
    async fn take_all(&self, consumer: &Consumer<Config>, stop: &mut Stop) -> Result<(), BusError> {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !stop.is_set() {
            if looks.tick().now_or_never().is_some() {
                self.look_at_consumer().await?;
            }
            let connection = self.bus.connects();
            let request = consumer.batch().max_messages(ASKED_FOR).expires(STANDS_FOR);
            let messages = request.messages().await.map_err(failed)?;
            self.take_asked_for(messages.ready_chunks(BATCH), connection, stop)
                .await?;
        }
        Ok(())
    }

    /// Takes in what comes until the request is over.
    async fn take_asked_for(
        &self,
        mut messages: Messages,
        connection: u64,
        stop: &mut Stop,
    ) -> Result<(), BusError> {
        loop {
            let chunk = tokio::time::timeout(NOTICED_AFTER, messages.next()).await;
            let Some(chunk) = chunk.map_err(|_| failed("the server says nothing"))? else {
                return Ok(());
            };
            let (whole, broken): (Vec<_>, Vec<_>) = chunk.into_iter().partition(Result::is_ok);
            let whole = whole.into_iter().flatten().collect();
            self.take(self.opened(whole, connection).await, stop).await;
            if let Some(Err(error)) = broken.into_iter().next() {
                return Err(failed(error));
            }
        }
    }

    /// Takes a batch in, and confirms it once its effects are committed. While the database is away the batch
    /// waits here, and the server is told that it does.
    async fn take(&self, batch: Batch, stop: &mut Stop) {
        let held = &batch.held;
        if held.is_empty() {
            return;
        }
        let mut pause = FIRST_PAUSE;
        loop {
            let received = at_work(self.receive(&batch), held).await;
            let Err(error) = received else {
                return self.settle(&batch, AckKind::Ack).await;
            };
            tracing::warn!(service = self.inbox.owner(), %error, "a batch of events was not committed");
            if stop.is_set() {
                return self.settle(&batch, AckKind::Nak(None)).await;
            }
            let stopped = async {
                tokio::select! {
                    () = rest(pause) => {}
                    () = stop.wait() => {}
                }
            };
            at_work(stopped, held).await;
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }
}

/// Waits for `work`, and says meanwhile that it is under way.
#[expect(
    clippy::disallowed_methods,
    reason = "the server measures silence in the machine's own time"
)]
async fn at_work<T>(work: impl Future<Output = T>, held: &[jetstream::Message]) -> T {
    let mut work = std::pin::pin!(work);
    let mut ticks = tokio::time::interval(STILL_AT_WORK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first one comes at once.
    ticks.tick().await;
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = ticks.tick() => answer_all(held, AckKind::Progress).await,
        }
    }
}

/// The event in a message, if this version knows its type.
pub(super) fn read(message: &async_nats::Message) -> Option<Message> {
    let (id, payload) = envelope(message)?;
    Some(Message::new(id, type_of(&message.subject)?, payload))
}

fn envelope(message: &async_nats::Message) -> Option<(EventId, Arc<str>)> {
    let id = message.headers.as_ref()?.get(NATS_MESSAGE_ID)?.as_str();
    let payload = std::str::from_utf8(&message.payload).ok()?;
    Some((id.parse().ok()?, payload.into()))
}

/// Answers all. An answer that is lost means that the message comes again, and is known then.
async fn answer_all(held: &[jetstream::Message], answer: AckKind) {
    let answers: FuturesUnordered<_> = held
        .iter()
        .map(|message| message.ack_with(answer).map(drop))
        .collect();
    answers.collect::<()>().await;
}

#[expect(
    clippy::disallowed_methods,
    reason = "the bus has the machine's own time, which no test moves"
)]
async fn rest(span: Duration) {
    tokio::time::sleep(span).await;
}
