//! Two services to watch the mechanisms by: one speaks, and the other follows it by a plan.

use std::sync::Arc;

use jiff::Timestamp;
use tessera_contracts::events::{Event, EventData, EventType, UserState};
use tessera_contracts::ids::{EventId, UserId};
use tessera_platform::BoxFuture;
use tessera_platform::consumer::{ConsumeError, Consumer, Outcome};
use tessera_platform::db::{DbError, Migration, Tx};
use tessera_platform::outbox;
use tessera_platform::params;
use tessera_platform::service::{Ctx, Definition, Service, StartError};
use tessera_platform::testing::TestApp;
use utoipa_axum::router::OpenApiRouter;

/// Says what it is told to.
pub const SPEAKER: Definition = Definition {
    name: "speaker",
    migrations: &[],
    signs_sessions: false,
    beside: &[],
    build: |_ctx: Ctx| {
        Box::pin(async {
            Ok::<_, StartError>(Service {
                routes: OpenApiRouter::new(),
                consumer: None,
                workers: Vec::new(),
            })
        })
    },
};

/// Follows users, and keeps the order in which it heard of them.
pub const FOLLOWER: Definition = Definition {
    name: "follower",
    migrations: &[Migration {
        name: "follower/0001_effects",
        sql: "CREATE TABLE effects (place bigint PRIMARY KEY, user_id uuid NOT NULL);
            CREATE TABLE plans (user_id uuid PRIMARY KEY, plan text NOT NULL, until timestamptz);",
    }],
    signs_sessions: false,
    beside: &[],
    build: |_ctx: Ctx| {
        Box::pin(async {
            Ok::<_, StartError>(Service {
                routes: OpenApiRouter::new(),
                consumer: Some(Arc::new(Follower)),
                workers: Vec::new(),
            })
        })
    },
};

/// The follower's side of the inbox.
pub struct Follower;

impl Consumer for Follower {
    fn event_types(&self) -> &'static [EventType] {
        &[EventType::UserRegistered]
    }

    fn handle<'a>(
        &'a self,
        tx: &'a mut Tx,
        event: &'a Event,
    ) -> BoxFuture<'a, Result<Outcome, ConsumeError>> {
        Box::pin(async move {
            match &event.data {
                EventData::UserRegistered(user) => follow(tx, user.id).await,
                other => panic!("it does not follow {other:?}"),
            }
        })
    }
}

/// Has the effect first, so that a plan that fails must take it back.
async fn follow(tx: &mut Tx, user: UserId) -> Result<Outcome, ConsumeError> {
    let effect =
        "INSERT INTO effects (place, user_id) SELECT coalesce(max(place), 0) + 1, $1 FROM effects";
    tx.execute(effect, &params![user]).await?;
    let planned = "SELECT plan, until FROM plans WHERE user_id = $1";
    let row: Option<(String, Option<Timestamp>)> = tx.opt(planned, &params![user]).await?;
    let Some((plan, until)) = row else {
        return Ok(Outcome::Done);
    };
    match (plan.as_str(), until) {
        ("ignore", _) => Ok(Outcome::Ignored("as planned")),
        ("put off", Some(moment)) => Ok(Outcome::PutOff(moment)),
        ("reject", _) => Ok(Outcome::Reject("as planned".to_owned())),
        ("fail", _) => Err(ConsumeError::Handler("as planned".to_owned())),
        ("fail with a NUL", _) => Err(ConsumeError::Handler("as\0planned".to_owned())),
        ("panic", _) => panic!("as planned"),
        ("mistake", _) => {
            tx.execute("UPDATE nothing", &[]).await?;
            Ok(Outcome::Done)
        }
        ("busy", _) => Err(DbError::Busy.into()),
        other => panic!("no such plan: {other:?}"),
    }
}

/// Both of them, with nothing said yet.
pub async fn start() -> TestApp {
    TestApp::start(&[SPEAKER, FOLLOWER]).await
}

/// With a bus that hands over what it is given before it answers.
pub async fn start_in_process() -> TestApp {
    TestApp::start_in_process(&[SPEAKER, FOLLOWER]).await
}

/// A user that nobody has heard of.
pub fn somebody(app: &TestApp) -> UserId {
    app.ids.next().into()
}

/// That this user exists, as an event.
pub fn registered(app: &TestApp, id: UserId) -> Event {
    app.event(news_of(id))
}

pub fn news_of(id: UserId) -> EventData {
    EventData::UserRegistered(UserState { id })
}

/// Lets the speaker say, in one transaction, that these users exist.
pub async fn say(app: &TestApp, users: &[UserId]) {
    let said = app.db("speaker").write(users.to_vec(), |tx, users| {
        Box::pin(async move {
            for user in users {
                outbox::append(tx, news_of(*user)).await?;
            }
            Ok::<_, DbError>(())
        })
    });
    said.await.unwrap();
}

/// How many events of the speaker are not marked as published.
pub async fn unpublished(app: &TestApp) -> i64 {
    let sql = "SELECT count(*) FROM outbox WHERE published_at IS NULL";
    let (count,) = app.db("speaker").opt(sql, &[]).await.unwrap().unwrap();
    count
}

/// Plans what the follower does from now on when it hears of the user.
pub async fn plan(app: &TestApp, user: UserId, plan: &'static str) {
    plan_until(app, user, plan, None).await;
}

/// Plans it with a moment.
pub async fn plan_until(app: &TestApp, user: UserId, plan: &'static str, until: Option<Timestamp>) {
    let sql = "INSERT INTO plans (user_id, plan, until) VALUES ($1, $2, $3)
        ON CONFLICT (user_id) DO UPDATE SET plan = excluded.plan, until = excluded.until";
    let planned = app
        .db("follower")
        .write((user, plan, until), move |tx, input| {
            Box::pin(async move {
                let (user, plan, until) = *input;
                tx.execute(sql, &params![user, plan, until]).await
            })
        });
    planned.await.unwrap();
}

/// Lets the follower do its work again.
pub async fn unplan(app: &TestApp) {
    let unplanned = app.db("follower").write((), |tx, ()| {
        Box::pin(async { tx.execute("DELETE FROM plans", &[]).await })
    });
    unplanned.await.unwrap();
}

/// Whom the follower has heard of, in that order.
pub async fn effects(app: &TestApp) -> Vec<UserId> {
    let sql = "SELECT user_id FROM effects ORDER BY place";
    let rows: Vec<(UserId,)> = app.db("follower").list(sql, &[]).await.unwrap();
    rows.into_iter().map(|(id,)| id).collect()
}

/// A row of the follower's inbox.
#[derive(Debug, PartialEq)]
pub struct Kept {
    pub state: String,
    pub attempts: i64,
    pub retry_at: Option<Timestamp>,
    pub payload: Option<String>,
    pub error: Option<String>,
}

/// What the follower's inbox keeps of an event.
pub async fn kept(app: &TestApp, id: EventId) -> Option<Kept> {
    type Columns = (
        String,
        i64,
        Option<Timestamp>,
        Option<String>,
        Option<String>,
    );
    let sql = "SELECT state, attempts, retry_at, payload, error FROM inbox WHERE event_id = $1";
    let row: Option<Columns> = app.db("follower").opt(sql, &params![id]).await.unwrap();
    row.map(|(state, attempts, retry_at, payload, error)| Kept {
        state,
        attempts,
        retry_at,
        payload,
        error,
    })
}

/// The state and the attempts of an event that the follower has had.
pub async fn state(app: &TestApp, id: EventId) -> (String, i64) {
    let kept = kept(app, id).await.expect("the inbox knows the event");
    (kept.state, kept.attempts)
}

pub fn done() -> (String, i64) {
    ("done".to_owned(), 0)
}
