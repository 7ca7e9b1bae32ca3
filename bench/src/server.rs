//! The server under measurement: `tessera serve`, on a data directory of its own, with the limits off that a load
//! test would run into. Everything else is as a user would have it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::Args;
use http::StatusCode;
use tempfile::TempDir;
use tessera_apart::process::free_address;

use crate::client::Connection;
use crate::failure::{Because, Failure};
use crate::process::Process;
use crate::report::Report;

/// Settings of whoever runs this must not change what is measured.
pub(crate) const NOT_INHERITED: &[&str] = &[
    "DATABASE_URL",
    "DATABASE_CONNECTIONS",
    "NATS_URL",
    "NATS_CREDS",
    "NATS_NKEY",
    "NATS_CA",
    "NATS_REPLICAS",
    "NATS_MONITOR_URL",
    "PUBLIC_URL",
    "TRUSTED_PROXIES",
    "JWT_KEY",
    "JWT_KEY_PREVIOUS",
    "JWKS_URL",
    "API_URL",
    "STRIPE_KEY",
    "STRIPE_WEBHOOK_SECRET",
    "STRIPE_API_BASE",
    "PAYMENT_ATTEMPTS",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
];

#[derive(Args)]
pub(crate) struct Program {
    /// The server's program; the one beside this program if left out
    #[arg(long, value_name = "FILE")]
    server: Option<PathBuf>,
    /// Where its data is kept while it is measured; `bench` beside the build's folder if left out
    #[arg(long, value_name = "FOLDER")]
    scratch: Option<PathBuf>,
}

impl Program {
    pub(crate) fn path(&self) -> Result<PathBuf, Failure> {
        let path = self
            .server
            .clone()
            .map_or_else(|| beside_this_program("tessera"), Ok)?;
        if path.is_file() {
            return Ok(path);
        }
        Err(Failure::new(format!(
            "{} is not there: cargo build --release",
            path.display()
        )))
    }

    /// A new folder for one server's data; it goes when the value does.
    pub(crate) fn home(&self) -> Result<Home, Failure> {
        let scratch = self
            .scratch
            .clone()
            .map_or_else(|| beside_this_program("../bench"), Ok)?;
        std::fs::create_dir_all(&scratch).because(scratch.display())?;
        TempDir::new_in(&scratch)
            .because(scratch.display())
            .map(Home)
    }

    /// Starts the server on this home, new or used, and waits until it is ready.
    pub(crate) async fn start(&self, home: &Home, lock_seconds: u32) -> Result<Process, Failure> {
        let address = free_address().because("the server")?;
        let mut command = self.command("serve", home)?;
        command.arg("--listen").arg(address.to_string());
        command
            .env("RATE_LIMITS", "off")
            .env("MAX_LIVE_ORDERS", "0")
            .env("LOCK_SECONDS", lock_seconds.to_string());
        Process::start(command, address, home.0.path().join("server.log")).await
    }

    /// Tells what was measured: of which build, on which file system, and how it keeps its commits.
    pub(crate) async fn describe(
        &self,
        report: &mut Report,
        address: SocketAddr,
        data_dir: &Path,
    ) -> Result<(), Failure> {
        report.of(self.path().ok().as_deref(), data_dir);
        report.row("durability", durability(address).await?);
        Ok(())
    }

    /// Reads all databases with the server's own examiner: what was fast but wrong does not count.
    pub(crate) fn check(&self, home: &Home) -> Result<(), Failure> {
        let output = self
            .command("check", home)?
            .output()
            .because("`tessera check` could not be started")?;
        judged(&output)
    }

    fn command(&self, subcommand: &str, home: &Home) -> Result<Command, Failure> {
        let mut command = Command::new(self.path()?);
        NOT_INHERITED.iter().for_each(|name| {
            command.env_remove(name);
        });
        command
            .arg(subcommand)
            .arg("--data-dir")
            .arg(home.data_dir())
            .env("RUST_LOG", "warn");
        Ok(command)
    }
}

/// A folder with a server's data and its log.
pub(crate) struct Home(TempDir);

impl Home {
    pub(crate) fn data_dir(&self) -> PathBuf {
        self.beside("data")
    }

    /// Something else in the same folder.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }
}

/// A server that somebody else started, with the load test's settings.
#[derive(Args)]
pub(crate) struct Running {
    /// Measure the server that listens here already, instead of starting one. It needs RATE_LIMITS=off and
    /// MAX_LIVE_ORDERS=0
    #[arg(long, value_name = "ADDRESS", requires = "data_dir")]
    running: Option<SocketAddr>,
    /// Its data directory, which is read to count
    #[arg(long, value_name = "FOLDER", requires = "running")]
    data_dir: Option<PathBuf>,
}

/// What a scenario measures: a server of our own, or a running one.
pub(crate) struct Subject {
    pub(crate) address: SocketAddr,
    pub(crate) data_dir: PathBuf,
    own: Option<(Process, Home)>,
}

impl Subject {
    pub(crate) async fn new(
        program: &Program,
        running: &Running,
        lock_seconds: u32,
    ) -> Result<Self, Failure> {
        if let (Some(address), Some(data_dir)) = (running.running, running.data_dir.clone()) {
            return Ok(Self {
                address,
                data_dir,
                own: None,
            });
        }
        let home = program.home()?;
        let process = program.start(&home, lock_seconds).await?;
        Ok(Self {
            address: process.address,
            data_dir: home.data_dir(),
            own: Some((process, home)),
        })
    }

    /// Memory in use, in KiB; unknown for a server that somebody else started.
    pub(crate) fn resident_kib(&self) -> Option<u64> {
        self.own
            .as_ref()
            .and_then(|(process, _)| process.resident_kib().ok())
    }

    /// Processor time that the server has used so far; unknown for one that somebody else started.
    pub(crate) fn cpu_micros(&self) -> Option<u64> {
        self.own
            .as_ref()
            .and_then(|(process, _)| process.cpu_micros().ok())
    }

    /// Examines what was left behind, and ends a server of our own.
    pub(crate) async fn finish(self, program: &Program) -> Result<(), Failure> {
        let Some((process, home)) = self.own else {
            return Ok(());
        };
        program.check(&home)?;
        process.stop().await
    }
}

/// How the services at this address keep their commits, as their databases told them.
pub(crate) async fn durability(address: SocketAddr) -> Result<String, Failure> {
    let mut connection = Connection::open(address).await?;
    let reply = connection.get("/metrics", None).await?;
    let text = String::from_utf8_lossy(&reply.expect(StatusCode::OK, "metrics")?.body).into_owned();
    settings_told(&text)
        .ok_or_else(|| Failure::new("the server does not tell how it keeps its commits"))
}

/// Out of lines like `tessera_database_durability_info{service="orders",settings="synchronous=2, journal_mode=wal"} 1`:
/// each setting, and which services have it.
fn settings_told(metrics: &str) -> Option<String> {
    let mut services: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for line in metrics.lines() {
        let Some(labels) = line.strip_prefix("tessera_database_durability_info{") else {
            continue;
        };
        let [service, settings] = ["service", "settings"].map(|name| label(labels, name));
        services.entry(settings?).or_default().insert(service?);
    }
    let each = services.iter();
    let each = each.map(|(settings, services)| {
        let services: Vec<&str> = services.iter().copied().collect();
        format!("{settings} ({})", services.join(", "))
    });
    let each: Vec<String> = each.collect();
    (!each.is_empty()).then(|| each.join("; "))
}

fn label<'a>(labels: &'a str, name: &str) -> Option<&'a str> {
    let (_, value) = labels.split_once(&format!("{name}=\""))?;
    value.split('"').next()
}

/// What `tessera check` came to.
pub(crate) fn judged(output: &Output) -> Result<(), Failure> {
    if output.status.success() {
        return Ok(());
    }
    let [printed, errors] =
        [&output.stdout, &output.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    Err(Failure::new(format!(
        "`tessera check` found damage:\n{printed}{errors}"
    )))
}

fn beside_this_program(name: &str) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().because("where am I?")?;
    Ok(own.parent().unwrap_or(Path::new(".")).join(name))
}

#[cfg(test)]
mod tests {
    use super::settings_told;

    #[test]
    fn how_commits_are_kept_is_read_from_the_metrics() {
        let metrics = "# TYPE tessera_database_durability_info gauge
tessera_database_durability_info{service=\"auth\",settings=\"synchronous=1, journal_mode=wal\"} 1
tessera_database_durability_info{service=\"orders\",settings=\"synchronous=2, journal_mode=wal\"} 1
tessera_database_durability_info{service=\"tickets\",settings=\"synchronous=2, journal_mode=wal\"} 1
";
        let told = "synchronous=1, journal_mode=wal (auth); synchronous=2, journal_mode=wal (orders, tickets)";
        assert_eq!(settings_told(metrics).as_deref(), Some(told));
        assert_eq!(settings_told("up 1"), None);
    }
}
