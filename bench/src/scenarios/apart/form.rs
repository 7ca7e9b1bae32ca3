//! The distributed form under measurement: servers of its own that sync what they confirm, and a process for each
//! service, without the limits that a load test would run into.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde::Deserialize;
use tessera_apart::nats::{Nats, Stopped};
use tessera_apart::postgres::Postgres;
use tessera_apart::services::{self, Common, Instance};

use super::super::LONG_LOCK_SECONDS;
use crate::client::Connection;
use crate::failure::{Because, Failure};
use crate::server::{NOT_INHERITED, judged};

/// It signs the tokens of a measurement, and guards nothing.
const JWT_KEY: &str = "Zm9yIG1lYXN1cmVtZW50cyBhbG9uZTsgbm8gc2VjcmU=";

/// Of each process to its database: for a crowd of buyers at one process.
pub(super) const CONNECTIONS: &str = "15";

/// Of PostgreSQL for its pages: a quarter of a machine of 8 GiB, as its manual advises to begin with.
const BUFFERS: &str = "2GB";

/// Those that take part in a reservation: the pages of the web client do not.
const MEASURED: [&str; 5] = ["auth", "tickets", "orders", "expiration", "payments"];

/// What NATS' monitoring says of itself, as far as it matters here.
#[derive(Deserialize)]
struct Monitored {
    version: String,
    jetstream: JetStream,
}

#[derive(Deserialize)]
struct JetStream {
    config: JetStreamConfig,
}

#[derive(Deserialize)]
struct JetStreamConfig {
    #[serde(default)]
    sync_always: bool,
    /// In nanoseconds.
    #[serde(default)]
    sync_interval: u64,
}

pub(super) struct Form {
    common: Common,
    instances: Vec<Instance>,
    postgres: Postgres,
    nats: Option<Nats>,
    /// The bus, while it is down.
    stopped: Option<Stopped>,
}

impl Form {
    /// The servers, the databases, and one process of each service.
    pub(super) async fn start(program: PathBuf, folder: PathBuf) -> Result<Self, Failure> {
        let postgres = Postgres::start_with(&folder.join("postgres"), true, BUFFERS).await;
        let postgres = postgres.because("PostgreSQL")?;
        // When a transaction was committed is what the latency of events is read from. It takes a new start.
        let stamps = postgres.run("ALTER SYSTEM SET track_commit_timestamp = on");
        stamps.await.because("PostgreSQL")?;
        let postgres = postgres.crash().await.because("PostgreSQL")?;
        let nats = Nats::start(&folder.join("nats")).await.because("NATS")?;
        let common = Common {
            program,
            folder,
            settings: settings(&postgres, &nats),
        };
        services::migrate(&common).await.because("the databases")?;
        Ok(Self {
            common,
            instances: Vec::new(),
            postgres,
            nats: Some(nats),
            stopped: None,
        })
    }

    /// How to reach the databases.
    pub(super) fn databases(&self) -> String {
        self.postgres.url()
    }

    /// How to reach the bus.
    pub(super) fn bus_url(&self) -> Result<String, Failure> {
        let nats = self.nats.as_ref();
        nats.map(Nats::url)
            .ok_or_else(|| Failure::new("the bus is down"))
    }

    /// A copy of the database of orders as it is; nobody may be connected to it.
    pub(super) async fn copy_orders(&self, name: &str) -> Result<String, Failure> {
        let sql = format!("CREATE DATABASE {name} TEMPLATE orders");
        self.postgres.run(&sql).await.because(name)?;
        Ok(format!("{}/{name}", self.postgres.url()))
    }

    /// Starts every service that is not there, and the bus if it is down.
    pub(super) async fn all(&mut self) -> Result<(), Failure> {
        if let Some(stopped) = self.stopped.take() {
            self.nats = Some(stopped.start().await.because("NATS")?);
        }
        for service in MEASURED {
            if self.addresses(service).is_empty() {
                self.add(service).await?;
            }
        }
        Ok(())
    }

    /// Stops the bus, and every service but these.
    pub(super) async fn only(&mut self, kept: &[&str]) -> Result<(), Failure> {
        let (stay, go): (Vec<_>, Vec<_>) = std::mem::take(&mut self.instances)
            .into_iter()
            .partition(|instance| kept.contains(&instance.service));
        self.instances = stay;
        for instance in go {
            instance
                .process
                .stop("TERM")
                .await
                .because(instance.service)?;
        }
        if let Some(nats) = self.nats.take() {
            self.stopped = Some(nats.stop().await.because("NATS")?);
        }
        Ok(())
    }

    /// One more process of a service.
    pub(super) async fn add(&mut self, service: &'static str) -> Result<(), Failure> {
        let number = self.addresses(service).len() + 1;
        let instance = Instance::start(&self.common, service, number).await;
        let instance = instance.because(service)?;
        if service == "auth" {
            let keys = format!("http://{}/.well-known/jwks.json", instance.address);
            self.common.settings.push(("JWKS_URL".to_owned(), keys));
        }
        self.instances.push(instance);
        Ok(())
    }

    /// Ends the process of a service that was started last.
    pub(super) async fn remove(&mut self, service: &str) -> Result<(), Failure> {
        let last = self
            .instances
            .iter()
            .rposition(|instance| instance.service == service);
        match last {
            Some(place) => self
                .instances
                .remove(place)
                .process
                .stop("TERM")
                .await
                .because(service),
            None => Ok(()),
        }
    }

    /// Where the processes of a service listen.
    pub(super) fn addresses(&self, service: &str) -> Vec<SocketAddr> {
        let of_service = self
            .instances
            .iter()
            .filter(|instance| instance.service == service);
        of_service.map(|instance| instance.address).collect()
    }

    /// Where the first process of a service listens.
    pub(super) fn address(&self, service: &str) -> Result<SocketAddr, Failure> {
        let first = self.addresses(service).first().copied();
        first.ok_or_else(|| Failure::new(format!("{service} does not run")))
    }

    /// Reads all databases with the server's own examiner: what was fast but wrong does not count.
    pub(super) async fn check(&self) -> Result<(), Failure> {
        let mut check = tokio::process::Command::new(&self.common.program);
        check
            .arg("check")
            .envs(self.common.settings.iter().cloned());
        let output = check.output().await;
        judged(&output.because("`tessera check` could not be started")?)
    }

    /// How the bus keeps what it confirms, as its monitoring says.
    pub(super) async fn bus(&self) -> Result<String, Failure> {
        let nats = self.nats.as_ref();
        let nats = nats.ok_or_else(|| Failure::new("the bus is down"))?;
        let address = nats.monitor_url();
        let address = address.trim_start_matches("http://").parse();
        let mut monitor = Connection::open(address.because("NATS' monitoring")?).await?;
        let said = monitor.get("/varz", None).await?.json::<Monitored>()?;
        let config = said.jetstream.config;
        Ok(format!(
            "one nats-server {}: sync_always={}, sync_interval={} s",
            said.version,
            config.sync_always,
            config.sync_interval / 1_000_000_000
        ))
    }

    /// Ends all of it.
    pub(super) async fn stop(mut self) -> Result<(), Failure> {
        self.only(&[]).await?;
        self.postgres.stop().await.because("PostgreSQL")
    }
}

fn settings(postgres: &Postgres, nats: &Nats) -> Vec<(String, String)> {
    let own = [
        ("DATABASE_URL", postgres.url()),
        ("DATABASE_CONNECTIONS", CONNECTIONS.to_owned()),
        ("NATS_URL", nats.url()),
        ("NATS_MONITOR_URL", nats.monitor_url()),
        ("JWT_KEY", JWT_KEY.to_owned()),
        ("RATE_LIMITS", "off".to_owned()),
        ("MAX_LIVE_ORDERS", "0".to_owned()),
        ("LOCK_SECONDS", LONG_LOCK_SECONDS.to_string()),
        ("RUST_LOG", "warn".to_owned()),
    ];
    // Empty is as good as not there; what comes later counts.
    let nothing = NOT_INHERITED.iter().map(|name| (*name, String::new()));
    let all = nothing.chain(own);
    all.map(|(name, value)| (name.to_owned(), value)).collect()
}
