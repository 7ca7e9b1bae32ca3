//! What an answer to the stream means after the stream went back: it names a place, and another event may be there.

use std::sync::Arc;

use async_nats::jetstream;
use async_nats::jetstream::consumer::PullConsumer;
use futures_util::StreamExt;
use tessera_contracts::events::{Event, EventData, EventType};
use tessera_contracts::ids::UserId;
use tessera_platform::BoxFuture;
use tessera_platform::bus::nats::{Intake, Nats, STREAM};
use tessera_platform::bus::{Bus, Message};
use tessera_platform::consumer::{ConsumeError, Consumer, Outcome};
use tessera_platform::db::Tx;
use tessera_platform::inbox::Inbox;
use tessera_platform::testing::{NatsServer, TestApp};
use tessera_platform::worker::{Next, Stopper};

use crate::follower::{FOLLOWER, Follower, effects, registered, somebody};
use crate::relay_stream::{go_back, keep_copy};
use crate::scratch::{Gate, Passage, within};

/// Follows users, and takes its time for one of them.
struct Slow {
    user: UserId,
    passage: Arc<Passage>,
}

impl Consumer for Slow {
    fn event_types(&self) -> &'static [EventType] {
        Follower.event_types()
    }

    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<Outcome, ConsumeError>> {
        if matches!(&event.data, EventData::UserRegistered(user) if user.id == self.user) {
            self.passage.stop_here();
        }
        Follower.handle(tx, event)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn an_event_is_not_confirmed_by_the_answer_to_another_that_was_in_its_place() {
    let Some(mut server) = NatsServer::start() else {
        return;
    };
    let app = TestApp::start_in_process(&[FOLLOWER]).await;
    let bus = Bus::Nats(Nats::connect(&server.settings(), "places").await.unwrap());
    let (first, second) = (somebody(&app), somebody(&app));
    let gate = Gate::new();
    let slow = Slow {
        user: first,
        passage: gate.passage(),
    };
    let intake = intake(&app, &bus, slow);
    assert_eq!(intake.step().await.unwrap(), Next::Idle);
    let empty = tempfile::tempdir().unwrap();
    keep_copy(&mut server, empty.path());
    let (_stopper, stop) = Stopper::new();
    publish(&bus, &registered(&app, first)).await;
    let at_work = tokio::spawn(async move { intake.run(stop).await });
    gate.reached().await;
    go_back(&mut server, empty.path());
    publish(&bus, &registered(&app, second)).await;
    // Another process has got it, and dies of it.
    let other = taken_by_another(&server).await;
    assert_eq!(other.info().unwrap().stream_sequence, 1, "the same place");
    gate.open();
    let all = async {
        while effects(&app).await != [first, second] {
            tokio::task::yield_now().await;
        }
    };
    within(all).await;
    at_work.abort();
}

fn intake(app: &TestApp, bus: &Bus, consumer: Slow) -> Intake {
    let (db, clock) = (app.db("follower").clone(), app.clock.clone());
    let inbox = Inbox::new("follower", db, clock, Some(Arc::new(consumer)), None);
    bus.subscribe(Arc::new(inbox)).unwrap()
}

/// Publishes it, once the server is back.
async fn publish(bus: &Bus, event: &Event) {
    let message = || Message::new(event.id, event.data.event_type(), event.to_json().into());
    within(async {
        while bus.publish(vec![message()]).await.is_err() {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

async fn taken_by_another(server: &NatsServer) -> jetstream::Message {
    let client = async_nats::connect(server.url()).await.unwrap();
    let stream = jetstream::new(client).get_stream(STREAM).await.unwrap();
    let consumer: PullConsumer = stream.get_consumer("follower").await.unwrap();
    let mut taken = consumer.batch().max_messages(1).messages().await.unwrap();
    within(taken.next()).await.unwrap().unwrap()
}
