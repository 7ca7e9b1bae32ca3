//! From the stream into an inbox: a durable consumer for each service, of which each replica takes its share.

use std::sync::Arc;
use std::time::Duration;

use async_nats::header::NATS_MESSAGE_ID;
use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy};
use async_nats::jetstream::{self, AckKind};
use futures_util::stream::{FuturesUnordered, ReadyChunks};
use futures_util::{FutureExt, StreamExt};
use tokio::time::MissedTickBehavior;

use super::publish::{subject_of, type_of};
use super::{Nats, failed};
use crate::bus::{BusError, Message};
use crate::inbox::Inbox;
use crate::worker::{Next, Stop, WorkerError};

/// Events in one transaction.
const BATCH: usize = 128;

/// Events that a replica asks for before it has handled those that it has.
const ASKED_FOR: usize = 256;

/// Events of one service that may be under way at once, in all its replicas.
const UNDER_WAY: i64 = 4_096;

/// A replica that says nothing for so long has died: its events go to another.
const SILENT_FOR: Duration = Duration::from_secs(10);

/// So a long batch says in time that it is still at work.
const STILL_AT_WORK: Duration = Duration::from_secs(3);

/// How long a request for events stands. A replica that stops waits for its end: what is sent for it until then would
/// be missed for ten seconds, and nothing takes the request back.
const STANDS_FOR: Duration = Duration::from_secs(1);

/// A server that does not even say that the request is over has gone away.
const NOTICED_AFTER: Duration = Duration::from_secs(3);

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

type Messages = ReadyChunks<jetstream::consumer::pull::Batch>;

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
        let fetched = consumer.fetch().max_messages(BATCH).messages().await;
        let mut fetched = fetched.map_err(failed)?;
        let mut batch = Vec::new();
        while let Some(message) = fetched.next().await {
            batch.push(message.map_err(failed)?);
        }
        if batch.is_empty() {
            return Ok(Next::Idle);
        }
        let (messages, held) = opened(batch).await;
        self.inbox.receive(&messages).await?;
        answer_all(&held, AckKind::Ack).await;
        Ok(Next::Again)
    }

    /// The service's place in the stream. It begins with the first event that the stream has: the inbox knows
    /// those that were handled.
    async fn consumer(&self) -> Result<Consumer<Config>, BusError> {
        let stream = self.bus.stream().await?;
        let subjects = self.inbox.follows().into_iter().map(subject_of);
        let wanted = Config {
            durable_name: Some(self.inbox.owner().to_owned()),
            deliver_policy: DeliverPolicy::All,
            ack_policy: AckPolicy::Explicit,
            ack_wait: SILENT_FOR,
            max_ack_pending: UNDER_WAY,
            max_deliver: -1,
            filter_subjects: subjects.collect(),
            ..Config::default()
        };
        stream.create_consumer(wanted).await.map_err(failed)
    }

    /// Ends well when told to stop, and with an error when the events stop coming.
    async fn take_all(&self, consumer: &Consumer<Config>, stop: &mut Stop) -> Result<(), BusError> {
        while !stop.is_set() {
            let request = consumer.batch().max_messages(ASKED_FOR).expires(STANDS_FOR);
            let messages = request.messages().await.map_err(failed)?;
            self.take_asked_for(messages.ready_chunks(BATCH), stop)
                .await?;
        }
        Ok(())
    }

    /// Takes in what comes until the request is over.
    async fn take_asked_for(
        &self,
        mut messages: Messages,
        stop: &mut Stop,
    ) -> Result<(), BusError> {
        loop {
            let chunk = tokio::time::timeout(NOTICED_AFTER, messages.next()).await;
            let Some(chunk) = chunk.map_err(|_| failed("the server says nothing"))? else {
                return Ok(());
            };
            let (whole, broken): (Vec<_>, Vec<_>) = chunk.into_iter().partition(Result::is_ok);
            self.take(whole.into_iter().flatten().collect(), stop).await;
            if let Some(Err(error)) = broken.into_iter().next() {
                return Err(failed(error));
            }
        }
    }

    /// Takes a batch in, and confirms it once its effects are committed. While the database is away the batch
    /// waits here, and the server is told that it does.
    async fn take(&self, batch: Vec<jetstream::Message>, stop: &mut Stop) {
        let (messages, held) = opened(batch).await;
        if messages.is_empty() {
            return;
        }
        let mut pause = FIRST_PAUSE;
        loop {
            let received = at_work(self.inbox.receive(&messages), &held).await;
            let Err(error) = received else {
                return answer_all(&held, AckKind::Ack).await;
            };
            tracing::warn!(service = self.inbox.owner(), %error, "a batch of events was not committed");
            if stop.is_set() {
                return answer_all(&held, AckKind::Nak(None)).await;
            }
            let stopped = async {
                tokio::select! {
                    () = rest(pause) => {}
                    () = stop.wait() => {}
                }
            };
            at_work(stopped, &held).await;
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

/// What nobody can read is told to the log, and not asked for again: no inbox could keep it.
async fn opened(batch: Vec<jetstream::Message>) -> (Vec<Message>, Vec<jetstream::Message>) {
    let (mut messages, mut held) = (Vec::new(), Vec::new());
    for message in batch {
        match read(&message) {
            Some(event) => {
                messages.push(event);
                held.push(message);
            }
            None => {
                tracing::error!(subject = %message.subject, "a message on the stream is no event: it is left out");
                answer_all(&[message], AckKind::Term).await;
            }
        }
    }
    (messages, held)
}

/// The event in a message.
pub(super) fn read(message: &async_nats::Message) -> Option<Message> {
    let id = message.headers.as_ref()?.get(NATS_MESSAGE_ID)?.as_str();
    Some(Message {
        id: id.parse().ok()?,
        event_type: type_of(&message.subject)?,
        payload: std::str::from_utf8(&message.payload).ok()?.into(),
    })
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
