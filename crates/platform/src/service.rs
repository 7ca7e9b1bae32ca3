//! What a service is made of, and how services are put together into a process.
//!
//! A service is a router, a consumer and workers over one database. [`Runtime`] opens the
//! databases, connects the inboxes to the bus, and runs the workers; it knows no service by name.

use std::fs::{DirBuilder, File, TryLockError};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use tessera_contracts::events::EventType;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use uuid::Uuid;

use crate::BoxFuture;
use crate::arrival::Arrivals;
use crate::bus::Bus;
use crate::bus::nats::{ConnectError, Intake, Nats};
use crate::clock::Clock;
use crate::config::Settings;
use crate::consumer::Consumer;
use crate::db::{Db, DbError, Migration};
use crate::http::health::{BUS, Check};
use crate::http::{Front, idempotency};
use crate::ids::Ids;
use crate::inbox::Inbox;
use crate::limits::Limits;
use crate::outbox::{self, Relay};
use crate::retention::Retention;
use crate::session::keys::{self, KeyError};
use crate::session::{
    CookieRule, Ended, FollowEnded, FollowKeys, Sessions, SigningKeys, Verifier, ended,
};
use crate::telemetry::Metrics;
use crate::worker::{self, Next, Stop, Worker, WorkerError};

/// The tables that every service has.
const MIGRATIONS: [Migration; 6] = [
    Migration {
        name: "platform/0001_outbox",
        sql: include_str!("migrations/0001_outbox.sql"),
    },
    Migration {
        name: "platform/0002_inbox",
        sql: include_str!("migrations/0002_inbox.sql"),
    },
    Migration {
        name: "platform/0003_ended_sessions",
        sql: ended::MIGRATION,
    },
    Migration {
        name: "platform/0004_idempotency_keys",
        sql: idempotency::MIGRATION,
    },
    Migration {
        name: "platform/0005_ended_sessions_seen",
        sql: include_str!("migrations/0005_ended_sessions_seen.sql"),
    },
    Migration {
        name: "platform/0006_relay",
        sql: include_str!("migrations/0006_relay.sql"),
    },
];

/// A service before it runs: one row of the binary's table.
#[derive(Clone, Copy)]
pub struct Definition {
    /// Its name: that of its database, its metrics and the `source` of its events.
    pub name: &'static str,
    /// Its own tables.
    pub migrations: &'static [Migration],
    /// Whether it signs sessions: auth alone does, and alone is handed the keys.
    pub signs_sessions: bool,
    /// Databases that it keeps besides its own: those of what it stands in for.
    pub beside: &'static [Beside],
    /// Puts it together.
    pub build: fn(Ctx) -> BoxFuture<'static, Result<Service, StartError>>,
}

/// A database that a service keeps besides its own.
#[derive(Clone, Copy)]
pub struct Beside {
    /// Its name.
    pub name: &'static str,
    /// Its tables.
    pub migrations: &'static [Migration],
}

impl Definition {
    /// All databases that it keeps: their names, and all their tables.
    pub fn databases(&self) -> impl Iterator<Item = (&'static str, Vec<Migration>)> {
        let beside = self.beside.iter();
        [(self.name, self.all_migrations())]
            .into_iter()
            .chain(beside.map(|beside| (beside.name, beside.migrations.to_vec())))
    }

    /// All its tables: those that every service has, and its own.
    pub fn all_migrations(&self) -> Vec<Migration> {
        [&MIGRATIONS, self.migrations].concat()
    }
}

/// What a service is handed to live on. Cheap to clone.
#[derive(Clone)]
pub struct Ctx {
    /// Its own database.
    pub db: Db,
    /// The time.
    pub clock: Clock,
    /// Ids and randomness.
    pub ids: Ids,
    /// The settings of the process.
    pub settings: Arc<Settings>,
    /// Who is asking.
    pub sessions: Sessions,
    /// The keys that sign sessions, for a service that does.
    pub keys: Option<SigningKeys>,
    /// How often one account, or one address, may do what.
    pub limits: Limits,
    /// Waits for what another service made a moment ago.
    pub arrivals: Arrivals,
}

/// A service, put together.
pub struct Service {
    /// Its endpoints, with their descriptions.
    pub routes: OpenApiRouter,
    /// What it does with events.
    pub consumer: Option<Arc<dyn Consumer>>,
    /// Its duties besides the relay and the retries, which every service has.
    pub workers: Vec<Arc<dyn Worker>>,
}

/// What a process hands to its services.
pub struct Setup {
    /// The settings.
    pub settings: Arc<Settings>,
    /// The time.
    pub clock: Clock,
    /// Ids and randomness.
    pub ids: Ids,
}

/// Why a process did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error("DATA_DIR: {0}")]
    DataDir(String),
    /// A database cannot be used.
    #[error("the database of {service}: {error}")]
    Database {
        /// Whose.
        service: &'static str,
        /// Why.
        error: DbError,
    },
    /// The session keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// There is no bus.
    #[error(transparent)]
    Bus(#[from] ConnectError),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// The services of a process, ready to run.
pub struct Runtime {
    services: Vec<Running>,
    clock: Clock,
    bus: Bus,
    router: Router,
    openapi: OpenApi,
    keys: Option<SigningKeys>,
    verifier: Verifier,
    follow_keys: Option<Arc<FollowKeys>>,
    /// Tells this process from others of the same services.
    me: Uuid,
    /// Held as long as the process uses the directory.
    _lock: Option<File>,
}

/// What all services of a process share.
struct Shared {
    keys: Option<SigningKeys>,
    bus: Bus,
    me: Uuid,
    /// One for all: what one service has verified, the others know.
    verifier: Verifier,
    limits: Limits,
    arrivals: Arrivals,
}

struct Running {
    name: &'static str,
    db: Db,
    inbox: Arc<Inbox>,
    /// Its way in, where the bus has to be asked for events.
    intake: Option<Arc<Intake>>,
    workers: Vec<Arc<dyn Worker>>,
}

impl Runtime {
    /// Opens and migrates the databases and puts the services together. Nothing runs yet.
    ///
    /// `pages` makes the routes beside those of the services, from the description of these.
    pub async fn build(
        definitions: &[&Definition],
        setup: Setup,
        pages: impl FnOnce(&OpenApi) -> Router,
    ) -> Result<Runtime, StartError> {
        // First: an instrument that is made before it measures nothing, for ever.
        Metrics::install();
        let lock = lock_data_dir(&setup.settings)?;
        let keys = signing_keys(definitions, &setup)?;
        let public = keys.as_ref().map_or(&[][..], SigningKeys::public_keys);
        let verifier = Verifier::new(public);
        let follow_keys = follow_keys(keys.as_ref(), &setup, &verifier)?;
        let bus = connect(definitions, &setup.settings).await?;
        let limits = Limits::new(&setup.settings, &setup.clock);
        let shared = Shared {
            keys,
            bus,
            me: setup.ids.next(),
            verifier,
            limits,
            arrivals: Arrivals::default(),
        };
        let mut front = Front::new(&setup.settings, &setup.ids);
        let mut services = Vec::new();
        for definition in definitions {
            let ctx = context(definition, &setup, &shared).await?;
            let service = (definition.build)(ctx.clone()).await?;
            front.add(definition.name, service.routes, &ctx.sessions, &ctx.db);
            services.push(running(
                definition.name,
                &ctx,
                &shared,
                service.consumer,
                service.workers,
            ));
        }
        front.add_checks(checks(&shared, follow_keys.is_some()));
        front.add_routes("web", pages(front.openapi()), None);
        let (router, openapi) = front.finish();
        Ok(Runtime {
            services,
            clock: setup.clock,
            bus: shared.bus,
            router,
            openapi,
            keys: shared.keys,
            verifier: shared.verifier,
            follow_keys,
            me: shared.me,
            _lock: lock,
        })
    }

    /// All endpoints.
    pub fn router(&self) -> Router {
        self.router.clone()
    }

    /// The description of the services' endpoints.
    pub fn openapi(&self) -> &OpenApi {
        &self.openapi
    }

    /// The services by name, each with the events that it follows.
    pub fn services(&self) -> impl Iterator<Item = (&'static str, Vec<EventType>)> {
        self.services
            .iter()
            .map(|service| (service.name, service.inbox.follows()))
    }

    /// The keys that sign sessions, where they are not auth's in another process.
    pub fn keys(&self) -> Option<&SigningKeys> {
        self.keys.as_ref()
    }

    /// The bus between the services.
    pub fn bus(&self) -> &Bus {
        &self.bus
    }

    /// The database of a service.
    pub fn db(&self, service: &str) -> Option<&Db> {
        self.services
            .iter()
            .find(|running| running.name == service)
            .map(|running| &running.db)
    }

    /// Starts every worker; each ends soon after `stop`.
    pub fn start(&self, stop: &Stop) -> JoinSet<()> {
        let mut tasks = JoinSet::new();
        for service in &self.services {
            for worker in &service.workers {
                let wake = worker.signal().map(|signal| service.db.signal(signal));
                let (clock, stop) = (self.clock.clone(), stop.clone());
                tasks.spawn(worker::run(service.name, worker.clone(), wake, clock, stop));
            }
            self.start_intake(service, &mut tasks, stop);
        }
        if let Some(follow) = &self.follow_keys {
            let wake = Arc::new(Notify::new());
            tasks.spawn(
                self.verifier
                    .clone()
                    .wake_on_miss(wake.clone(), stop.clone()),
            );
            let (clock, stop) = (self.clock.clone(), stop.clone());
            tasks.spawn(worker::run(
                "sessions",
                follow.clone(),
                Some(wake),
                clock,
                stop,
            ));
        }
        tasks
    }

    /// Lets events come in over the bus, and hears when others have something for this process's relay.
    fn start_intake(&self, service: &Running, tasks: &mut JoinSet<()>, stop: &Stop) {
        if let Some(intake) = service.intake.clone() {
            let stop = stop.clone();
            tasks.spawn(async move { intake.run(stop).await });
        }
        if !self.bus.has_stream() {
            return;
        }
        let (bus, name, me) = (self.bus.clone(), service.name, self.me);
        let (wake, mut stop) = (service.db.signal(outbox::SIGNAL), stop.clone());
        tasks.spawn(async move {
            tokio::select! {
                () = bus.on_nudge(name, me, || wake.notify_one()) => {}
                () = stop.wait() => {}
            }
        });
    }

    /// Takes in by hand what the bus holds for the services; answers whether that was nothing.
    pub async fn take_in(&self) -> Result<bool, WorkerError> {
        let mut nothing = true;
        for intake in self
            .services
            .iter()
            .filter_map(|service| service.intake.as_ref())
        {
            nothing &= intake.step().await? == Next::Idle;
        }
        Ok(nothing)
    }

    /// Runs every worker by hand until none has anything to do at this moment: how a test, whose
    /// workers were never started, lets events travel.
    pub async fn settle(&self) -> Result<(), WorkerError> {
        loop {
            let mut rested = true;
            for worker in self.services.iter().flat_map(|service| &service.workers) {
                rested &= match worker.run().await? {
                    Next::Again => false,
                    Next::At(moment) => moment > self.clock.now(),
                    Next::Idle => true,
                };
            }
            rested &= self.take_in().await?;
            if rested {
                return Ok(());
            }
        }
    }
}

async fn context(
    definition: &Definition,
    setup: &Setup,
    shared: &Shared,
) -> Result<Ctx, StartError> {
    let failed = |error| StartError::Database {
        service: definition.name,
        error,
    };
    let migrations = definition.all_migrations();
    let db = setup
        .settings
        .place()
        .open(definition.name, &migrations, &setup.clock, &setup.ids)
        .await
        .map_err(failed)?;
    let ended = Ended::load(&db).await.map_err(failed)?;
    let cookie = CookieRule::for_url(&setup.settings.public_url);
    Ok(Ctx {
        db,
        clock: setup.clock.clone(),
        ids: setup.ids.clone(),
        settings: setup.settings.clone(),
        sessions: Sessions::new(shared.verifier.clone(), ended, cookie, setup.clock.clone()),
        keys: shared.keys.clone().filter(|_| definition.signs_sessions),
        limits: shared.limits.clone(),
        arrivals: shared.arrivals.clone(),
    })
}

fn running(
    name: &'static str,
    ctx: &Ctx,
    shared: &Shared,
    consumer: Option<Arc<dyn Consumer>>,
    own: Vec<Arc<dyn Worker>>,
) -> Running {
    let (db, clock) = (ctx.db.clone(), ctx.clock.clone());
    let inbox = Inbox::new(
        name,
        db.clone(),
        clock.clone(),
        consumer,
        Some(ctx.sessions.clone()),
    );
    let inbox = Arc::new(inbox);
    let intake = shared.bus.subscribe(inbox.clone()).map(Arc::new);
    let bus = shared.bus.clone();
    let mut workers: Vec<Arc<dyn Worker>> = vec![
        Arc::new(Relay::new(name, db.clone(), bus, clock.clone(), shared.me)),
        Arc::new(inbox.retry()),
        Arc::new(Retention::new(db.clone(), clock, ctx.sessions.clone())),
    ];
    if ctx.settings.database.is_some() {
        // The event that a session has ended reaches one process only.
        workers.push(Arc::new(FollowEnded::new(
            db.clone(),
            ctx.clock.clone(),
            ctx.sessions.clone(),
        )));
    }
    workers.extend(own);
    Running {
        name,
        db,
        inbox,
        intake,
        workers,
    }
}

/// The keys are auth's; a process without it that knows where auth's public ones are needs none of its own.
fn signing_keys(
    definitions: &[&Definition],
    setup: &Setup,
) -> Result<Option<SigningKeys>, StartError> {
    let signs = definitions
        .iter()
        .any(|definition| definition.signs_sessions);
    if definitions.is_empty() || (!signs && setup.settings.jwks_url.is_some()) {
        return Ok(None);
    }
    Ok(Some(keys::load_or_make(&setup.settings, &setup.ids)?))
}

fn follow_keys(
    keys: Option<&SigningKeys>,
    setup: &Setup,
    verifier: &Verifier,
) -> Result<Option<Arc<FollowKeys>>, StartError> {
    match &setup.settings.jwks_url {
        Some(url) if keys.is_none() => {
            let follow = FollowKeys::new(url.clone(), verifier.clone(), setup.clock.clone());
            let failed = |error| StartError::Other(format!("JWKS_URL: {error}"));
            follow.map(Some).map_err(failed)
        }
        _ => Ok(None),
    }
}

async fn connect(definitions: &[&Definition], settings: &Settings) -> Result<Bus, StartError> {
    let Some(nats) = &settings.nats else {
        return Ok(Bus::embedded());
    };
    let names: Vec<&str> = definitions
        .iter()
        .map(|definition| definition.name)
        .collect();
    Ok(Bus::Nats(Nats::connect(nats, &names.join(" ")).await?))
}

/// What has to answer besides the databases.
fn checks(shared: &Shared, follows_keys: bool) -> Vec<Check> {
    let mut checks = Vec::new();
    if shared.bus.has_stream() {
        let bus = shared.bus.clone();
        checks.push(Check::new(BUS, move || {
            let health = bus.health().map_err(|error| error.to_string());
            Box::pin(async move { health })
        }));
    }
    if follows_keys {
        let verifier = shared.verifier.clone();
        checks.push(Check::new("keys", move || {
            let has_keys = verifier.has_keys();
            Box::pin(async move {
                has_keys
                    .then_some(())
                    .ok_or_else(|| "JWKS_URL has not answered yet".to_owned())
            })
        }));
    }
    checks
}

/// Makes the data directory if need be, and keeps every other server out of it; does nothing where the
/// settings need none. The lock is given back when the file is closed.
pub fn lock_data_dir(settings: &Settings) -> Result<Option<File>, StartError> {
    let used = settings
        .uses_data_dir()
        .then(|| lock_dir(&settings.data_dir));
    used.transpose()
}

fn lock_dir(dir: &Path) -> Result<File, StartError> {
    let failed = |error: std::io::Error| StartError::DataDir(format!("{}: {error}", dir.display()));
    // Password hashes and addresses are in there.
    let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
    made.map_err(failed)?;
    let path = dir.join("lock");
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StartError::DataDir(format!(
            "{} is in use by another server",
            dir.display()
        ))),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}
