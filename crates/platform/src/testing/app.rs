//! Some services over real databases in a temporary folder, driven by hand.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::Extension;
use axum::http::{HeaderValue, Method, Request, header};
use http_body_util::BodyExt;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tempfile::TempDir;
use tessera_contracts::UserId;
use tessera_contracts::events::{Event, EventData};
use tower::ServiceExt;

use super::{Answer, NatsServer, server_for};
use crate::bus::Message;
use crate::clock::{Clock, Hand};
use crate::config::Settings;
use crate::db::Db;
use crate::http::PeerAddress;
use crate::ids::Ids;
use crate::service::{Definition, Runtime, Setup};
use crate::session::User;

/// A marketplace of the services under test. Events travel, and workers work, in
/// [`TestApp::settle`] and at no other time.
pub struct TestApp {
    /// Moves the time.
    pub hand: Hand,
    /// Reads it.
    pub clock: Clock,
    /// Draws ids, the same in every run.
    pub ids: Ids,
    /// The services.
    pub runtime: Runtime,
    router: Router,
    services: Vec<Definition>,
    settings: Arc<Settings>,
    dir: TempDir,
    nats: Option<NatsServer>,
}

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct TestUser {
    /// Who.
    pub id: UserId,
    /// Their session.
    pub user: User,
    /// Their token.
    pub token: String,
}

/// A request to be sent.
pub struct Call<'a> {
    app: &'a TestApp,
    request: Request<Body>,
}

impl TestApp {
    /// Starts `services` at noon of the first day of 2030, with the settings for tests.
    pub async fn start(services: &[Definition]) -> TestApp {
        TestApp::start_with(services, |_| {}).await
    }

    /// Starts `services` on SQLite, whatever the other tests run on: for what only that engine has.
    pub async fn start_embedded(services: &[Definition]) -> TestApp {
        TestApp::start_with(services, |settings| {
            settings.database = None;
            settings.nats = None;
        })
        .await
    }

    /// Starts `services` with a bus inside this process, whatever the other tests run on: for what that one
    /// promises more.
    pub async fn start_in_process(services: &[Definition]) -> TestApp {
        TestApp::start_with(services, |settings| settings.nats = None).await
    }

    /// Starts `services` with settings of the test's own.
    pub async fn start_with(
        services: &[Definition],
        change: impl FnOnce(&mut Settings),
    ) -> TestApp {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let mut settings = Settings::for_tests();
        settings.data_dir = dir.path().to_owned();
        let databases = services.iter().flat_map(Definition::databases);
        settings.database = server_for(databases.map(|(name, _)| name)).await;
        let nats = NatsServer::start();
        settings.nats = nats.as_ref().map(NatsServer::settings);
        change(&mut settings);
        let noon: Timestamp = "2030-01-01T12:00:00Z".parse().expect("a time");
        let (clock, hand) = Clock::manual(noon);
        let ids = Ids::seeded(1, clock.clone());
        let setup = Setup {
            settings: Arc::new(settings),
            clock,
            ids,
            bus: None,
        };
        Box::pin(TestApp::on(services.to_vec(), setup, hand, (dir, nats))).await
    }

    async fn on(
        services: Vec<Definition>,
        setup: Setup,
        hand: Hand,
        (dir, nats): (TempDir, Option<NatsServer>),
    ) -> TestApp {
        let (settings, clock, ids) = (
            setup.settings.clone(),
            setup.clock.clone(),
            setup.ids.clone(),
        );
        let definitions: Vec<&Definition> = services.iter().collect();
        // Boxed, as what follows: one test may hold many of these futures, and its thread's stack is small.
        let built = Runtime::build(&definitions, setup, None);
        let runtime = Box::pin(built).await.expect("the services start");
        let router = runtime.router();
        TestApp {
            hand,
            clock,
            ids,
            runtime,
            router,
            services,
            settings,
            dir,
            nats,
        }
    }

    /// Stops, and starts again on the same data, at the same moment.
    pub async fn restart(self) -> TestApp {
        let TestApp {
            hand,
            clock,
            ids,
            runtime,
            router,
            services,
            settings,
            dir,
            nats,
        } = self;
        // Both hold the databases, and the first one the directory.
        drop((runtime, router));
        let setup = Setup {
            settings,
            clock,
            ids,
            bus: None,
        };
        Box::pin(TestApp::on(services, setup, hand, (dir, nats))).await
    }

    /// Lets all events travel and all workers do what is due.
    pub async fn settle(&self) {
        let settled = Box::pin(self.runtime.settle()).await;
        settled.expect("every worker's step succeeds");
    }

    /// Moves the clock on and lets everything happen that is due by then.
    pub async fn pass(&self, span: SignedDuration) {
        self.advance(span);
        self.settle().await;
    }

    /// Lets time pass without anybody acting on it.
    pub fn advance(&self, span: SignedDuration) {
        self.hand.advance(span);
    }

    /// A new user with a session; no service has heard of either.
    pub fn sign_in(&self) -> TestUser {
        self.sign_in_as(self.ids.next().into())
    }

    /// A new session of a user.
    pub fn sign_in_as(&self, id: UserId) -> TestUser {
        let user = User {
            id,
            sid: self.ids.next().into(),
        };
        let token = self
            .runtime
            .keys()
            .expect("keys of its own")
            .issue(user, self.clock.now())
            .expect("a token");
        TestUser { id, user, token }
    }

    /// The database of a service.
    pub fn db(&self, service: &str) -> &Db {
        self.runtime.db(service).expect("a service under test")
    }

    /// An event, as another service would publish it now.
    pub fn event(&self, data: EventData) -> Event {
        Event {
            id: self.ids.next().into(),
            source: "/tessera/test".to_owned(),
            time: self.clock.now(),
            traceparent: None,
            data,
        }
    }

    /// Hands an event to all services that follow it, and lets everything settle.
    pub async fn publish(&self, data: EventData) -> Event {
        let event = self.event(data);
        self.deliver(&[&event]).await;
        self.settle().await;
        event
    }

    /// Hands events over in one batch, be it again.
    pub async fn deliver(&self, events: &[&Event]) {
        let messages = events
            .iter()
            .map(|event| Message::new(event.id, event.data.event_type(), event.to_json().into()));
        let published = Box::pin(self.runtime.bus().publish(messages.collect())).await;
        published.expect("the batch is taken");
        while !Box::pin(self.runtime.take_in()).await.expect("it comes in") {}
    }

    /// All events that a service has published, the oldest first.
    pub async fn published(&self, service: &str) -> Vec<Event> {
        let rows: Vec<(String,)> = self
            .db(service)
            .list("SELECT payload FROM outbox ORDER BY id", &[])
            .await
            .expect("the outbox");
        rows.iter()
            .map(|(payload,)| Event::from_json(payload).expect("an event"))
            .collect()
    }

    /// The names of all events that a service has published, the oldest first.
    pub async fn published_types(&self, service: &str) -> Vec<&'static str> {
        let events = self.published(service).await;
        events
            .iter()
            .map(|event| event.data.event_type().name())
            .collect()
    }

    /// How many events a service could not handle at once.
    pub async fn failed(&self, service: &str) -> i64 {
        let sql = "SELECT count(*) FROM inbox WHERE attempts > 0 OR state <> 'done'";
        let row: Option<(i64,)> = self.db(service).opt(sql, &[]).await.expect("the inbox");
        row.map_or(0, |(count,)| count)
    }

    /// `GET path`
    pub fn get(&self, path: &str) -> Call<'_> {
        self.call(Method::GET, path, None)
    }

    /// `POST path` with a JSON body.
    pub fn post(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::POST, path, Some(body))
    }

    /// `PUT path` with a JSON body.
    pub fn put(&self, path: &str, body: Value) -> Call<'_> {
        self.call(Method::PUT, path, Some(body))
    }

    /// `DELETE path`
    pub fn delete(&self, path: &str) -> Call<'_> {
        self.call(Method::DELETE, path, None)
    }

    /// The services, to be served over real connections: for whoever knows no other way.
    pub fn over_http(&self) -> Router {
        let peer = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 40_001);
        self.router.clone().layer(Extension(PeerAddress(peer)))
    }

    /// Any request.
    pub fn call(&self, method: Method, path: &str, body: Option<Value>) -> Call<'_> {
        let mut request = Request::builder().method(method).uri(path);
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let mut request = request.body(body).expect("a request");
        let peer = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 40_000);
        request.extensions_mut().insert(PeerAddress(peer));
        Call { app: self, request }
    }
}

impl Call<'_> {
    /// Sends a header along.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        self.request
            .headers_mut()
            .insert(name, HeaderValue::from_str(value).expect("a header"));
        self
    }

    /// Sends it as `user`.
    #[must_use]
    pub fn by(self, user: &TestUser) -> Self {
        let token = format!("Bearer {}", user.token);
        self.header("authorization", &token)
    }

    /// Sends it, and reads the answer.
    pub async fn send(self) -> Answer {
        let Ok(response) = self.app.router.clone().oneshot(self.request).await;
        let (head, body) = response.into_parts();
        let bytes = body.collect().await.expect("the body").to_bytes();
        Answer::new(head.status, head.headers, &bytes)
    }
}
