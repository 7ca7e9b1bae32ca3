//! What a service is made of, and how services are put together into a process.
//!
//! A service is a router, a consumer and workers over one database. [`Runtime`] opens the
//! databases, connects the inboxes to the bus, and runs the workers; it knows no service by name.

mod data_dir;
mod keys;
mod ready;
mod runtime;

use std::ops::Deref;
use std::sync::Arc;

use axum::Router;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::BoxFuture;
use crate::arrival::Arrivals;
use crate::bus::Bus;
use crate::bus::nats::ConnectError;
use crate::clock::Clock;
use crate::config::{SettingError, Settings};
use crate::consumer::Consumer;
use crate::db::{Db, DbError, Migration};
use crate::http::{ShowProblem, idempotency};
use crate::ids::Ids;
use crate::limits::Limits;
use crate::session::keys::KeyError;
use crate::session::{Sessions, SigningKeys, ended};
use crate::telemetry::traces::Tracer;
use crate::worker::{Stop, Worker};

pub use data_dir::lock_data_dir;
pub use runtime::Runtime;

/// The tables that every service has.
pub(crate) const MIGRATIONS: [Migration; 6] = [
    Migration {
        name: "platform/0001_outbox",
        sql: include_str!("../migrations/0001_outbox.sql"),
    },
    Migration {
        name: "platform/0002_inbox",
        sql: include_str!("../migrations/0002_inbox.sql"),
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
        sql: include_str!("../migrations/0005_ended_sessions_seen.sql"),
    },
    Migration {
        name: "platform/0006_relay",
        sql: include_str!("../migrations/0006_relay.sql"),
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

/// What a service is handed to live on. Cheap to clone: every request has one.
#[derive(Clone)]
pub struct Ctx(Arc<Means>);

impl Ctx {
    pub(crate) fn new(means: Means) -> Ctx {
        Ctx(Arc::new(means))
    }
}

impl Deref for Ctx {
    type Target = Means;

    fn deref(&self) -> &Means {
        &self.0
    }
}

/// What there is in it.
pub struct Means {
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
    /// Where its spans go.
    pub tracer: Tracer,
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
    /// The bus, where it is not the one that the settings name.
    pub bus: Option<Bus>,
}

/// The pages for people, beside the services of a process.
pub struct Pages {
    /// Where they are.
    pub routes: Router,
    /// How a refusal is shown to a person.
    pub show_problem: Arc<ShowProblem>,
    /// What they do while the process runs; each ends soon after the stop.
    pub tasks: Vec<PagesTask>,
}

/// Something that goes on until it is told to stop.
pub type PagesTask = Arc<dyn Fn(Stop) -> BoxFuture<'static, ()> + Send + Sync>;

/// What pages live on: they have no database.
pub struct Surroundings<'a> {
    /// The endpoints of the services of this process, as other machines reach them.
    pub services: Router,
    /// Their description.
    pub openapi: &'a OpenApi,
    /// What passes between the services.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
    /// Ids and randomness.
    pub ids: Ids,
    /// The settings of the process.
    pub settings: Arc<Settings>,
}

/// Makes the pages of a process, if it has any.
pub type MakePages<'a> = Box<dyn FnOnce(Surroundings<'_>) -> Result<Pages, StartError> + Send + 'a>;

/// Why a process did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory cannot be used.
    #[error("DATA_DIR: {0}")]
    DataDir(String),
    /// A database cannot be used.
    #[error("{setting}: the database of {service}: {error}")]
    Database {
        /// What says where it is.
        setting: &'static str,
        /// Whose.
        service: &'static str,
        /// Why.
        error: DbError,
    },
    /// The session keys cannot be used.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// A setting cannot be used.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// There is no bus.
    #[error(transparent)]
    Bus(#[from] ConnectError),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}
