//! The services' processes: one for each service, or more.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use http_body_util::Empty;
use hyper::body::Bytes;
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use tokio::process::Command;

use crate::failure::{Because, Failure};
use crate::process::{Process, free_address};

/// Every service, in the order in which they are started: auth first, whose keys the others need.
pub const SERVICES: [&str; 6] = ["auth", "tickets", "orders", "expiration", "payments", "web"];

/// What all of them are told.
#[derive(Clone)]
pub struct Common {
    /// The program.
    pub program: PathBuf,
    /// Where their logs go.
    pub folder: PathBuf,
    /// Environment variables.
    pub settings: Vec<(String, String)>,
}

/// One process of a service.
pub struct Instance {
    /// Of which.
    pub service: &'static str,
    /// Where it listens.
    pub address: SocketAddr,
    /// The process.
    pub process: Process,
}

impl Instance {
    /// Starts one, and waits until it is ready. `number` tells the instances of a service apart.
    pub async fn start(
        common: &Common,
        service: &'static str,
        number: usize,
    ) -> Result<Instance, Failure> {
        let address = free_address()?;
        let mut instance = Instance::launch(common, service, number, address)?;
        instance.until_ready().await?;
        Ok(instance)
    }

    /// Starts one at this address, and does not wait.
    pub fn launch(
        common: &Common,
        service: &'static str,
        number: usize,
        address: SocketAddr,
    ) -> Result<Instance, Failure> {
        let mut command = Command::new(&common.program);
        command
            .args(["serve", service, "--listen"])
            .arg(address.to_string())
            .env(
                "DATA_DIR",
                common.folder.join(format!("{service}-{number}")),
            );
        for (name, value) in &common.settings {
            command.env(name, value);
        }
        let process = Process::start(&format!("{service}-{number}"), command, &common.folder)?;
        Ok(Instance {
            service,
            address,
            process,
        })
    }

    /// Waits until it takes requests.
    pub async fn until_ready(&mut self) -> Result<(), Failure> {
        let url = format!("http://{}/readyz", self.address);
        let ready = async || is_ok(&url).await;
        self.process.until(ready).await
    }
}

async fn is_ok(url: &str) -> bool {
    let Ok(uri) = url.parse() else {
        return false;
    };
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    client
        .get(uri)
        .await
        .is_ok_and(|answer| answer.status().is_success())
}

/// Makes the databases, or brings them up to date.
pub async fn migrate(common: &Common) -> Result<(), Failure> {
    let mut command = Command::new(&common.program);
    command.arg("migrate");
    for (name, value) in &common.settings {
        command.env(name, value);
    }
    let output = command.output().await.because("tessera migrate")?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    Err(Failure::new(format!("tessera migrate failed: {said}")))
}

/// The program beside this one, which cargo builds into the same folder.
pub fn program_beside_this_one() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().because("where am I?")?;
    let folder = own.parent().unwrap_or(Path::new("."));
    let program = folder.join("tessera");
    if program.is_file() {
        return Ok(program);
    }
    let missing = program.display();
    Err(Failure::new(format!(
        "{missing} is not there: cargo build --release"
    )))
}
