//! Old and new processes of one service share its consumer and its inbox: nothing that only the new ones follow
//! is lost to them. Left out where the tests run without a NATS server.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_nats::jetstream::consumer::pull::Config;
use async_nats::jetstream::{self, stream::Stream};
use futures_util::future::join_all;
use jiff::SignedDuration;
use tessera_contracts::events::{Event, EventData, EventType, UserState};
use tessera_contracts::ids::UserId;
use tessera_platform::BoxFuture;
use tessera_platform::bus::nats::{Intake, Nats, STREAM};
use tessera_platform::bus::{Bus, Message, Pending};
use tessera_platform::consumer::{ConsumeError, Consumer, Outcome};
use tessera_platform::db::Tx;
use tessera_platform::inbox::{Inbox, Retry, list_dead};
use tessera_platform::params;
use tessera_platform::telemetry::Metrics;
use tessera_platform::testing::{NatsServer, TestApp};
use tessera_platform::worker::{Next, Worker};

use crate::follower::{FOLLOWER, Follower, done, effects, kept, registered, somebody, state};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// A newer version, which follows the ends of users, too.
struct Newer;

impl Consumer for Newer {
    fn event_types(&self) -> &'static [EventType] {
        &[EventType::UserRegistered, EventType::UserDeleted]
    }

    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<Outcome, ConsumeError>> {
        Box::pin(async move {
            let (EventData::UserRegistered(user) | EventData::UserDeleted(user)) = &event.data
            else {
                panic!("it does not follow {event:?}");
            };
            let effect = "INSERT INTO effects (place, user_id)
                SELECT coalesce(max(place), 0) + 1, $1 FROM effects";
            tx.execute(effect, &params![user.id]).await?;
            Ok(Outcome::Done)
        })
    }
}

/// A process of one version.
struct Process {
    intake: Intake,
    retry: Retry,
}

impl Process {
    async fn take_in(&self) {
        while self.intake.step().await.unwrap() == Next::Again {}
    }

    async fn retry(&self) {
        for _step in 0..20 {
            if self.retry.run().await.unwrap() != Next::Again {
                return;
            }
        }
        panic!("it does not come to rest");
    }
}

struct Rollout {
    app: TestApp,
    nats: NatsServer,
    bus: Bus,
}

impl Rollout {
    #[expect(clippy::print_stderr, reason = "a test that is left out says so")]
    async fn begin() -> Option<Rollout> {
        let Some(nats) = NatsServer::start() else {
            eprintln!("left out: it needs a NATS server");
            return None;
        };
        let app = TestApp::start_in_process(&[FOLLOWER]).await;
        let bus = Bus::Nats(Nats::connect(&nats.settings(), "rolling").await.unwrap());
        Some(Rollout { app, nats, bus })
    }

    fn process(&self, name: &'static str, consumer: Arc<dyn Consumer>) -> Process {
        let (db, clock) = (self.app.db("follower").clone(), self.app.clock.clone());
        let inbox = Arc::new(Inbox::new(name, db, clock, Some(consumer), None));
        let retry = inbox.retry();
        let intake = self.bus.subscribe(inbox).unwrap();
        Process { intake, retry }
    }

    fn older(&self) -> Process {
        self.process("follower", Arc::new(Follower))
    }

    fn newer(&self) -> Process {
        self.process("follower", Arc::new(Newer))
    }

    async fn publish(&self, event: &Event) {
        let message = Message::new(event.id, event.data.event_type(), event.to_json().into());
        self.bus.publish(vec![message]).await.unwrap();
    }

    fn end_of(&self, id: UserId) -> Event {
        self.app.event(EventData::UserDeleted(UserState { id }))
    }

    /// The stream, as an operator reaches it.
    async fn stream(&self) -> Stream {
        let client = async_nats::connect(self.nats.url()).await.unwrap();
        jetstream::new(client).get_stream(STREAM).await.unwrap()
    }

    /// What the consumer lets through.
    async fn filters(&self) -> Vec<String> {
        let found = self.stream().await.consumer_info("follower").await;
        let mut filters = found.unwrap().config.filter_subjects;
        filters.sort();
        filters
    }

    /// Changes what the consumer lets through, by hand.
    async fn edit(&self, subjects: &[&str]) {
        let edited = Config {
            durable_name: Some("follower".to_owned()),
            ack_policy: jetstream::consumer::AckPolicy::Explicit,
            filter_subjects: subjects.iter().map(ToString::to_string).collect(),
            ..Config::default()
        };
        self.stream().await.create_consumer(edited).await.unwrap();
    }
}

const BOTH: [&str; 2] = ["tessera.user.deleted", "tessera.user.registered"];

#[tokio::test]
async fn an_old_process_that_starts_again_takes_nothing_from_the_new_ones() {
    let Some(rollout) = Rollout::begin().await else {
        return;
    };
    rollout.older().take_in().await;
    let new = rollout.newer();
    new.take_in().await;
    rollout.older().take_in().await;
    assert_eq!(rollout.filters().await, BOTH);
    let user = somebody(&rollout.app);
    rollout.publish(&rollout.end_of(user)).await;
    new.take_in().await;
    assert_eq!(effects(&rollout.app).await, [user]);
}

#[tokio::test]
async fn many_of_both_versions_that_start_at_once_let_everything_through() {
    let Some(rollout) = Rollout::begin().await else {
        return;
    };
    let starts = (0..6).map(|number| {
        let process = if number % 2 == 0 {
            rollout.older()
        } else {
            rollout.newer()
        };
        async move { process.take_in().await }
    });
    join_all(starts).await;
    assert_eq!(rollout.filters().await, BOTH);
}

#[tokio::test]
async fn what_an_old_process_takes_and_does_not_follow_has_its_effect_in_a_new_one() {
    let Some(rollout) = Rollout::begin().await else {
        return;
    };
    let (old, new) = (rollout.older(), rollout.newer());
    new.take_in().await;
    let app = &rollout.app;
    let (gone, here) = (somebody(app), somebody(app));
    let (end, beginning) = (rollout.end_of(gone), registered(app, here));
    rollout.publish(&end).await;
    rollout.publish(&beginning).await;
    old.take_in().await;
    assert_eq!(effects(app).await, [here], "it holds up no other");
    for _look in 0..20 {
        old.retry().await;
        app.hand.advance(SECOND);
    }
    assert_eq!(state(app, end.id).await, ("retry".to_owned(), 0));
    app.hand.advance(20 * SECOND);
    new.retry().await;
    old.retry().await;
    assert_eq!(effects(app).await, [here, gone]);
    assert_eq!(state(app, end.id).await, done());
    rollout.publish(&end).await;
    new.take_in().await;
    assert_eq!(effects(app).await, [here, gone], "and once");
}

#[tokio::test]
async fn a_new_process_looks_at_once_at_what_was_left() {
    let Some(rollout) = Rollout::begin().await else {
        return;
    };
    let old = rollout.older();
    rollout.newer().take_in().await;
    let app = &rollout.app;
    let user = somebody(app);
    let end = rollout.end_of(user);
    rollout.publish(&end).await;
    old.take_in().await;
    while let Some(moment) = kept(app, end.id).await.unwrap().retry_at
        && moment.duration_since(app.clock.now()) < SignedDuration::from_mins(30)
    {
        app.hand.set(moment);
        old.retry().await;
    }
    rollout.newer().retry().await;
    assert_eq!(effects(app).await, [user]);
}

#[tokio::test]
async fn a_type_that_an_old_version_has_never_heard_of_is_kept_and_in_the_end_a_dead_letter() {
    let Some(rollout) = Rollout::begin().await else {
        return;
    };
    let old = rollout.older();
    old.take_in().await;
    rollout
        .edit(&["tessera.user.registered", "tessera.user.praised"])
        .await;
    let app = &rollout.app;
    let event = registered(app, somebody(app));
    let payload = event.to_json().replace("user:registered", "user:praised");
    let context = jetstream::new(async_nats::connect(rollout.nats.url()).await.unwrap());
    let mut headers = async_nats::HeaderMap::new();
    headers.insert("Nats-Msg-Id", event.id.to_string());
    let sent = context
        .publish_with_headers("tessera.user.praised", headers, payload.clone().into())
        .await;
    sent.unwrap().await.unwrap();
    old.take_in().await;
    assert_eq!(state(app, event.id).await, ("retry".to_owned(), 0));
    for _hour in 0..25 {
        app.hand.advance(SignedDuration::from_hours(1));
        old.retry().await;
    }
    let dead = list_dead(app.db("follower"), 10).await.unwrap();
    let [letter] = &dead[..] else {
        panic!("{dead:?}")
    };
    assert_eq!((letter.id, &letter.payload), (event.id, &payload));
    assert_eq!(letter.error, "no version that has seen it follows it");
}

#[tokio::test]
async fn a_consumer_that_somebody_narrowed_lets_through_again_what_is_followed() {
    let Some(rollout) = Rollout::begin().await else {
        return;
    };
    let new = rollout.newer();
    new.take_in().await;
    rollout.edit(&["tessera.user.registered"]).await;
    new.take_in().await;
    assert_eq!(rollout.filters().await, BOTH);
    rollout.edit(&["tessera.user.*"]).await;
    new.take_in().await;
    assert_eq!(rollout.filters().await, ["tessera.user.*"]);
    let user = somebody(&rollout.app);
    rollout.publish(&rollout.end_of(user)).await;
    new.take_in().await;
    assert_eq!(effects(&rollout.app).await, [user]);
}

#[tokio::test]
async fn how_many_wait_on_the_bus_is_shown_by_the_process_that_publishes() {
    let Some(rollout) = Rollout::begin().await else {
        return;
    };
    let metrics = Metrics::install();
    let is_shown = |count: u32| {
        let line = format!("tessera_consumer_pending{{service=\"listener\"}} {count}");
        let shown = metrics.render();
        assert!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    };
    let app = &rollout.app;
    let listener = rollout.process("listener", Arc::new(Follower));
    listener.take_in().await;
    for _event in 0..3 {
        rollout.publish(&registered(app, somebody(app))).await;
    }
    let leads = Arc::new(AtomicBool::new(true));
    let (bus, clock) = (rollout.bus.clone(), app.clock.clone());
    let pending = Pending::new("listener", bus, clock, leads.clone());
    pending.run().await.unwrap();
    is_shown(3);
    leads.store(false, Ordering::Relaxed);
    pending.run().await.unwrap();
    is_shown(0);
    leads.store(true, Ordering::Relaxed);
    listener.take_in().await;
    pending.run().await.unwrap();
    is_shown(0);
}
