//! The services of a process: put together, run, and driven by hand in tests.

use std::fs::File;
use std::sync::Arc;

use axum::Router;
use tessera_contracts::events::EventType;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use utoipa::openapi::OpenApi;
use uuid::Uuid;

use super::{
    Ctx, Definition, MakePages, Means, PagesTask, Setup, StartError, Surroundings, data_dir, keys,
    ready,
};
use crate::BoxFuture;
use crate::arrival::Arrivals;
use crate::bus::nats::{Intake, Nats};
use crate::bus::{Bus, Pending};
use crate::clock::Clock;
use crate::config::Settings;
use crate::consumer::Consumer;
use crate::db::Db;
use crate::http::Front;
use crate::inbox::Inbox;
use crate::limits::Limits;
use crate::outbox::{self, Relay};
use crate::retention::Retention;
use crate::session::{CookieRule, Ended, FollowEnded, FollowKeys, Sessions, SigningKeys, Verifier};
use crate::telemetry::Metrics;
use crate::telemetry::traces::Traces;
use crate::worker::{self, Next, Stop, Worker, WorkerError};

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
    /// What the pages do while this runs.
    pages: Vec<PagesTask>,
    traces: Traces,
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
    traces: Traces,
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
    /// `pages` makes those that people see, where there are any.
    pub async fn build(
        definitions: &[&Definition],
        setup: Setup,
        pages: Option<MakePages<'_>>,
    ) -> Result<Runtime, StartError> {
        // First: an instrument that is made before it measures nothing, for ever.
        Metrics::install();
        let traces = traces(definitions, &setup)?;
        let lock = data_dir::lock_for(definitions, &setup.settings)?;
        let keys = keys::signing(definitions, &setup)?;
        let public = keys.as_ref().map_or(&[][..], SigningKeys::public_keys);
        let verifier = Verifier::new(public);
        let follow_keys = keys::follow(keys.as_ref(), &setup, &verifier)?;
        let bus = match &setup.bus {
            Some(bus) => bus.clone(),
            None => connect(definitions, &setup.settings).await?,
        };
        let limits = Limits::new(&setup.settings, &setup.clock);
        let shared = Shared {
            keys,
            bus,
            me: setup.ids.next(),
            verifier,
            limits,
            arrivals: Arrivals::default(),
            traces,
        };
        let mut front = Front::new(&setup.settings, &setup.ids).traced(&shared.traces);
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
        front.add_checks(ready::checks(
            &shared.bus,
            follow_keys.is_some().then_some(&shared.verifier),
        ));
        let tasks = match pages {
            Some(make) => add_pages(&mut front, make, &setup, &shared.bus)?,
            None => Vec::new(),
        };
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
            pages: tasks,
            traces: shared.traces,
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

    /// Where the spans go.
    pub fn traces(&self) -> &Traces {
        &self.traces
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
        for (_, duty) in self.duties(stop) {
            tasks.spawn(duty);
        }
        for service in &self.services {
            self.start_intake(service, &mut tasks, stop);
        }
        for task in &self.pages {
            tasks.spawn(task(stop.clone()));
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

    /// What every worker does until `stop`, each with its service and its name: for whoever runs them himself.
    pub fn duties(
        &self,
        stop: &Stop,
    ) -> Vec<((&'static str, &'static str), BoxFuture<'static, ()>)> {
        let mut duties: Vec<(_, BoxFuture<'static, ()>)> = Vec::new();
        for service in &self.services {
            for worker in &service.workers {
                let wake = worker.signal().map(|signal| service.db.signal(signal));
                let (clock, stop) = (self.clock.clone(), stop.clone());
                let duty = worker::run(service.name, worker.clone(), wake, clock, stop);
                duties.push(((service.name, worker.name()), Box::pin(duty)));
            }
        }
        duties
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

/// Puts the pages beside the services; answers what they do meanwhile.
fn add_pages(
    front: &mut Front,
    make: MakePages<'_>,
    setup: &Setup,
    bus: &Bus,
) -> Result<Vec<PagesTask>, StartError> {
    let pages = make(Surroundings {
        services: front.services(),
        openapi: front.openapi(),
        bus: bus.clone(),
        clock: setup.clock.clone(),
        ids: setup.ids.clone(),
        settings: setup.settings.clone(),
    })?;
    front.add_pages("web", pages.routes, pages.show_problem);
    Ok(pages.tasks)
}

async fn context(
    definition: &Definition,
    setup: &Setup,
    shared: &Shared,
) -> Result<Ctx, StartError> {
    let failed = |error| StartError::Database {
        setting: setup.settings.place_setting(),
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
    Ok(Ctx::new(Means {
        db,
        clock: setup.clock.clone(),
        ids: setup.ids.clone(),
        settings: setup.settings.clone(),
        sessions: Sessions::new(shared.verifier.clone(), ended, cookie, setup.clock.clone()),
        keys: shared.keys.clone().filter(|_| definition.signs_sessions),
        limits: shared.limits.clone(),
        arrivals: shared.arrivals.beside(),
        tracer: shared.traces.of(definition.name),
    }))
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
    )
    .traced(ctx.tracer.clone(), shared.bus.system())
    .announced(ctx.arrivals.clone());
    let inbox = Arc::new(inbox);
    let intake = shared.bus.subscribe(inbox.clone()).map(Arc::new);
    let bus = shared.bus.clone();
    let relay = Relay::new(name, db.clone(), bus.clone(), clock.clone(), shared.me);
    let leads = relay.leads();
    let mut workers: Vec<Arc<dyn Worker>> = vec![
        Arc::new(relay.traced(ctx.tracer.clone())),
        Arc::new(inbox.retry()),
        Arc::new(Retention::new(db.clone(), clock, ctx.sessions.clone())),
    ];
    if bus.has_stream() && !inbox.follows().is_empty() {
        workers.push(Arc::new(Pending::new(name, bus, ctx.clock.clone(), leads)));
    }
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

/// Of the services of this process, and of the pages beside them.
fn traces(definitions: &[&Definition], setup: &Setup) -> Result<Traces, StartError> {
    let names = definitions.iter().map(|definition| definition.name);
    let names: Vec<&str> = names.chain(["web"]).collect();
    Ok(Traces::start(
        setup.settings.traces.as_ref(),
        &names,
        &setup.ids,
    )?)
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
