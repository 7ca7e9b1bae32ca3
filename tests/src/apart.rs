//! The distributed form for one test: servers of its own, a process for each service, a front.
//!
//! It stands on programs that are not part of Rust; where the tests run without them, there is none.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;
use tessera_apart::front::{self, Backends};
use tessera_apart::nats::Nats;
use tessera_apart::postgres::Postgres;
use tessera_apart::services::{self, Common, Instance, SERVICES};
use tessera_platform::testing::TEST_NATS_SERVER;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::client::Client;
use crate::process::program;

/// Where the logs of a test that failed go. Set by `cargo xtask faults`.
const LOGS: &str = "TESSERA_FAULTS_LOGS";

/// How long a folder that somebody still writes to is tried to be removed: ten seconds.
const TRIES: u32 = 200;
const BETWEEN: Duration = Duration::from_millis(50);

/// A running marketplace in pieces. All of it ends with this.
pub struct Apart {
    /// Where the front is.
    pub url: String,
    /// What the services' processes are told.
    pub common: Common,
    /// The processes.
    pub instances: Vec<Instance>,
    /// Which of them get requests.
    pub backends: Backends,
    /// The broker; `None` while it is down.
    pub nats: Option<Nats>,
    /// The databases; `None` while they are down.
    pub postgres: Option<Postgres>,
    front: JoinHandle<()>,
    started: usize,
    /// Where all keep what they have.
    pub folder: TempDir,
}

/// Whether the tests run on servers at all; says so when they do not.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "the runner of the tests says what there is, and a test that is left out says so"
)]
pub fn has_servers() -> bool {
    let has = std::env::var_os(TEST_NATS_SERVER).is_some();
    if !has {
        println!("left out: it needs PostgreSQL and NATS (cargo xtask test --only servers)");
    }
    has
}

impl Apart {
    /// Starts one process of each service, and `more` of them.
    pub async fn start(more: &[&'static str]) -> Apart {
        Apart::start_with(more, &[]).await
    }

    /// The same, with settings of the test's own.
    pub async fn start_with(more: &[&'static str], settings: &[(&str, &str)]) -> Apart {
        let mut apart = Apart::servers().await;
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        apart.common.settings.extend(settings.iter().map(owned));
        services::migrate(&apart.common).await.expect("databases");
        for service in SERVICES.iter().chain(more) {
            apart.add(service).await;
        }
        apart
    }

    /// The servers, the front, and nobody behind it yet.
    pub async fn servers() -> Apart {
        let folder = tempfile::Builder::new().prefix("tessera-apart-").tempdir();
        let folder = folder.expect("a folder");
        // PostgreSQL's own user must find its data.
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).expect("a folder");
        let postgres = Postgres::start(&folder.path().join("postgres"), false).await;
        let postgres = postgres.expect("PostgreSQL starts");
        let nats = Nats::start(&folder.path().join("nats")).await;
        let nats = nats.expect("NATS starts");
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let backends = Backends::default();
        let served = front::serve(listener, backends.clone());
        let front = tokio::spawn(async move { drop(served.await) });
        let settings = [
            ("DATABASE_URL", postgres.url()),
            ("NATS_URL", nats.url()),
            ("NATS_MONITOR_URL", nats.monitor_url()),
            ("API_URL", url.clone()),
            // By the front: a process of auth may be replaced by another one.
            ("JWKS_URL", format!("{url}/.well-known/jwks.json")),
            ("PUBLIC_URL", url.clone()),
            ("TRUSTED_PROXIES", "127.0.0.1".to_owned()),
            (
                "JWT_KEY",
                "dGVzdHMgYWxvbmUgaGF2ZSB0aGlzIGtleSwgbm9ib2Q=".to_owned(),
            ),
            ("RATE_LIMITS", "off".to_owned()),
            ("MAX_LIVE_ORDERS", "0".to_owned()),
            ("RUST_LOG", "info".to_owned()),
        ];
        let common = Common {
            program: program().to_owned(),
            folder: folder.path().to_owned(),
            settings: settings
                .map(|(name, value)| (name.to_owned(), value))
                .to_vec(),
        };
        Apart {
            url,
            common,
            instances: Vec::new(),
            backends,
            nats: Some(nats),
            postgres: Some(postgres),
            front,
            started: 0,
            folder,
        }
    }

    /// Starts one more process of a service, and lets the front know it.
    pub async fn add(&mut self, service: &'static str) {
        let number = self.started;
        self.started += 1;
        let instance = Instance::start(&self.common, service, number).await;
        let instance = instance.expect("the service starts");
        self.backends.add(service, instance.address);
        self.instances.push(instance);
    }

    /// Takes the first process of a service out: the front sends it nothing more.
    pub fn take(&mut self, service: &str) -> Instance {
        let place = self
            .instances
            .iter()
            .position(|instance| instance.service == service);
        let instance = self.instances.remove(place.expect("a process of it"));
        self.backends.remove(instance.address);
        instance
    }

    /// Nobody, at the front.
    pub fn anyone(&self) -> Client {
        Client::new(&self.url)
    }

    /// What `tessera` says to these arguments, with these settings.
    pub async fn run(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = tokio::process::Command::new(&self.common.program);
        command.args(arguments);
        for (name, value) in &self.common.settings {
            command.env(name, value);
        }
        command.output().await.expect("the program runs")
    }

    /// Ends all in good order: nothing of it runs, and nothing is left.
    pub async fn end(mut self) {
        for instance in std::mem::take(&mut self.instances) {
            instance.process.kill().await.expect("it ends");
        }
        if let Some(nats) = self.nats.take() {
            nats.kill().await.expect("it ends");
        }
        if let Some(postgres) = self.postgres.take() {
            postgres.stop().await.expect("it ends");
        }
    }
}

impl Drop for Apart {
    /// Of a test that has failed the processes are ended here, and their logs kept where its runner wants them.
    fn drop(&mut self) {
        self.front.abort();
        self.instances.clear();
        self.nats = None;
        self.postgres = None;
        if std::thread::panicking() {
            keep_logs(self.folder.path());
        }
        // PostgreSQL's processes end some moments after the first of them, and write until then.
        for _try in 0..TRIES {
            if std::fs::remove_dir_all(self.folder.path()).is_ok() {
                break;
            }
            #[expect(
                clippy::disallowed_methods,
                reason = "nobody tells when they have ended"
            )]
            std::thread::sleep(BETWEEN);
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the runner of the tests says where they go"
)]
fn keep_logs(folder: &Path) {
    let Some(kept) = std::env::var_os(LOGS).map(PathBuf::from) else {
        return;
    };
    drop(std::fs::create_dir_all(&kept));
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().extension().is_some_and(|kind| kind == "log") {
            drop(std::fs::copy(entry.path(), kept.join(entry.file_name())));
        }
    }
}
