//! Whose work it is: the step of a trace reaches the transaction, the event and the account that is given of it.

use std::collections::HashSet;
use std::sync::Arc;

use tessera_contracts::events::{Event, EventType};
use tessera_platform::BoxFuture;
use tessera_platform::consumer::{ConsumeError, Consumer, Outcome};
use tessera_platform::db::{DbError, Tx};
use tessera_platform::http::trace::{self, TraceParent};
use tessera_platform::inbox::list_dead;
use tessera_platform::params;
use tessera_platform::service::{Definition, Service, StartError};
use tessera_platform::telemetry::Metrics;
use tessera_platform::testing::TestApp;
use utoipa_axum::router::OpenApiRouter;

use crate::follower::{FOLLOWER, SPEAKER, registered, say, somebody, start};

const STEP: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

/// A follower whose numbers no other test adds to.
const COUNTED: Definition = Definition {
    name: "counted",
    ..FOLLOWER
};

#[tokio::test]
async fn a_body_runs_in_the_step_of_whoever_asked_for_it() {
    let app = start().await;
    let step = TraceParent::parse(STEP).unwrap();
    let seen = || {
        app.db("speaker").write((), |tx, ()| {
            let (known, logged) = (tx.trace(), trace::current_step());
            Box::pin(async move { Ok::<_, DbError>((known, logged)) })
        })
    };
    let within = trace::scope(step, seen()).await.unwrap();
    assert_eq!(within, (Some(step), Some(step)));
    assert_eq!(seen().await.unwrap(), (None, None));
}

/// Refuses every event with the step that it is asked in.
const ECHO: Definition = Definition {
    name: "echo",
    migrations: &[],
    build: |_ctx| {
        Box::pin(async {
            Ok::<_, StartError>(Service {
                routes: OpenApiRouter::new(),
                consumer: Some(Arc::new(Echo)),
                workers: Vec::new(),
            })
        })
    },
    ..FOLLOWER
};

struct Echo;

impl Consumer for Echo {
    fn event_types(&self) -> &'static [EventType] {
        &[EventType::UserRegistered]
    }

    fn handle<'a>(
        &'a self,
        _tx: &'a mut Tx,
        _event: &'a Event,
    ) -> BoxFuture<'a, Result<Outcome, ConsumeError>> {
        Box::pin(async { Ok(Outcome::Reject(format!("in {:?}", trace::current()))) })
    }
}

#[tokio::test]
async fn an_event_is_handled_in_the_step_that_it_names() {
    let app = TestApp::start(&[SPEAKER, ECHO]).await;
    let step = TraceParent::parse(STEP).unwrap();
    let user = somebody(&app);
    let event = Event {
        traceparent: Some(step.to_string()),
        ..registered(&app, user)
    };
    app.deliver(&[&event]).await;
    let dead = list_dead(app.db("echo"), 10).await.unwrap();
    assert!(dead[0].error.contains(STEP), "{dead:?}");
}

#[tokio::test]
async fn each_event_that_nobody_asked_for_begins_a_trace_with_its_publication() {
    let app = start().await;
    say(&app, &[somebody(&app), somebody(&app)]).await;
    let mut traces = HashSet::new();
    for event in app.published("speaker").await {
        let step = event.traceparent.unwrap();
        traces.insert(TraceParent::parse(&step).unwrap().trace_id());
        let id = event.id.uuid().simple().to_string();
        assert!(step.contains(&format!("-{}-", &id[16..])), "{step}: {id}");
    }
    assert_eq!(traces.len(), 2);
}

async fn plan(app: &TestApp, user: tessera_contracts::UserId, plan: &'static str) {
    let planned = app.db("counted").write(user, move |tx, user| {
        let sql = "INSERT INTO plans (user_id, plan) VALUES ($1, $2)";
        Box::pin(async move { tx.execute(sql, &params![*user, plan]).await })
    });
    planned.await.unwrap();
}

fn count(outcome: &str) -> u64 {
    let shown = Metrics::install().render();
    let wanted = |line: &&str| {
        line.starts_with("tessera_events_consumed_total{")
            && ["service=\"counted\"", "type=\"user:registered\""]
                .iter()
                .all(|label| line.contains(label))
            && line.contains(&format!("outcome=\"{outcome}\""))
    };
    let line = shown.lines().find(wanted).expect("a count");
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_becomes_of_events_is_counted() {
    let app = TestApp::start_in_process(&[SPEAKER, COUNTED]).await;
    let users = [(); 5].map(|()| somebody(&app));
    let events = users.map(|user| registered(&app, user));
    plan(&app, users[1], "ignore").await;
    plan(&app, users[2], "fail").await;
    plan(&app, users[3], "reject").await;
    let [done, ignored, failed, rejected, other] = &events;
    // A batch in which one fails is run again, and nothing of its first run counts.
    app.deliver(&[done, ignored, failed, rejected]).await;
    app.deliver(&[done, other]).await;
    let counts = [
        "done",
        "ignored",
        "failed",
        "rejected",
        "duplicate",
        "put_off",
    ]
    .map(count);
    assert_eq!(counts, [2, 1, 1, 1, 1, 0]);
    let shown = Metrics::install().render();
    let timed =
        "tessera_event_handling_seconds_count{service=\"counted\",type=\"user:registered\"} 5";
    assert!(shown.contains(timed), "{shown}");
}
