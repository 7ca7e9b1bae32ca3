//! A process: some services, put together by the code that the program uses, on files that outlive it.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use jiff::{SignedDuration, Timestamp};
use tessera_platform::bus::Bus;
use tessera_platform::clock::Clock;
use tessera_platform::config::{JwtSeed, Settings};
use tessera_platform::db::{Db, Pace};
use tessera_platform::ids::Ids;
use tessera_platform::service::{Definition, Runtime, Setup};
use tessera_platform::session::SigningKeys;
use tessera_platform::worker::Stopper;

use crate::tasks::{Owner, Tasks};
use crate::time::Time;

/// How long a lock lasts: not long, so that many run out.
const LOCK_SECONDS: u32 = 20;
/// What signs the sessions. Everybody in a run has the same.
const KEY: [u8; 32] = [7; 32];

/// A process, running or not.
pub struct Process {
    number: usize,
    services: Vec<Definition>,
    settings: Arc<Settings>,
    clock: Clock,
    clock_number: usize,
    seed: u64,
    starts: u64,
    running: Option<Running>,
}

struct Running {
    runtime: Runtime,
    router: Router,
    /// Dropped, it would tell the workers to stop.
    _stopper: Stopper,
}

/// The settings of a process whose files are in `folder`.
pub fn settings(folder: &Path) -> Settings {
    Settings {
        data_dir: folder.to_owned(),
        pace: Pace::ByHand,
        jwt_key: Some(JwtSeed::new(KEY)),
        lock_seconds: LOCK_SECONDS,
        ..Settings::for_tests()
    }
}

/// What signs sessions without asking auth.
pub fn keys() -> Result<SigningKeys, String> {
    SigningKeys::new(&JwtSeed::new(KEY), None).map_err(|error| error.to_string())
}

impl Process {
    /// One that does not run yet.
    pub fn new(
        number: usize,
        services: Vec<Definition>,
        folder: &Path,
        time: &mut Time,
        seed: u64,
    ) -> Process {
        let (clock, clock_number) = time.clock();
        Process {
            number,
            services,
            settings: Arc::new(settings(folder)),
            clock,
            clock_number,
            seed,
            starts: 0,
            running: None,
        }
    }

    /// The time, as it has it.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The services in it, for people.
    pub fn name(&self) -> String {
        let names: Vec<&str> = self.services.iter().map(|service| service.name).collect();
        names.join("+")
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.running.is_some()
    }

    /// Whether it has this service.
    pub fn has(&self, service: &str) -> bool {
        self.services.iter().any(|known| known.name == service)
    }

    /// Its endpoints, while it runs.
    pub fn router(&self) -> Option<Router> {
        self.running.as_ref().map(|running| running.router.clone())
    }

    /// Its databases, while it runs.
    pub fn databases(&self) -> impl Iterator<Item = (&'static str, &Db)> {
        let runtime = self.running.as_ref().map(|running| &running.runtime);
        let names = self.services.iter().map(|service| service.name);
        names.filter_map(move |name| runtime.and_then(|it| it.db(name)).map(|db| (name, db)))
    }

    /// Starts it, with its clock wrong by so much.
    pub async fn start(
        &mut self,
        bus: Option<Bus>,
        time: &mut Time,
        skew: SignedDuration,
        tasks: &mut Tasks,
    ) -> Result<(), String> {
        time.skew(self.clock_number, skew);
        self.starts += 1;
        let setup = Setup {
            settings: self.settings.clone(),
            clock: self.clock.clone(),
            ids: Ids::seeded(self.seed ^ (self.starts << 32), self.clock.clone()),
            bus,
        };
        let services: Vec<&Definition> = self.services.iter().collect();
        let runtime = Runtime::build(&services, setup, None).await;
        let runtime =
            runtime.map_err(|error| format!("{} does not start: {error}", self.name()))?;
        let (stopper, stop) = Stopper::new();
        for ((service, duty), future) in runtime.duties(&stop) {
            tasks.add(self.owner(), format!("{service} {duty}"), future);
        }
        self.running = Some(Running {
            router: runtime.router(),
            runtime,
            _stopper: stopper,
        });
        Ok(())
    }

    /// Ends it where it is.
    pub fn kill(&mut self, tasks: &mut Tasks) {
        tasks.end_all_of(self.owner());
        self.running = None;
    }

    /// Whose its tasks are.
    pub fn owner(&self) -> Owner {
        Owner::Process(self.number)
    }
}
