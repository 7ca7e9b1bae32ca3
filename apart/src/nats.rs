//! A NATS server of our own, with JetStream, on ports that nobody uses.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use tokio::net::TcpStream;
use tokio::process::Command;

use crate::failure::{Because, Failure};
use crate::places;
use crate::process::{Process, free_address};

/// A running server. It ends with this.
pub struct Nats {
    process: Process,
    address: SocketAddr,
    monitor: SocketAddr,
    folder: PathBuf,
}

impl Nats {
    /// Starts one that keeps its streams in `folder`. It syncs what it confirms.
    pub async fn start(folder: &Path) -> Result<Nats, Failure> {
        fs::create_dir_all(folder).because(folder.display())?;
        let (address, monitor) = (free_address()?, free_address()?);
        let process = run(folder, address, monitor).await?;
        Ok(Nats {
            process,
            address,
            monitor,
            folder: folder.to_owned(),
        })
    }

    /// How to reach it.
    pub fn url(&self) -> String {
        format!("nats://{}", self.address)
    }

    /// Where its monitoring answers.
    pub fn monitor_url(&self) -> String {
        format!("http://{}", self.monitor)
    }

    /// Its process.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Where it keeps its streams.
    pub fn store(&self) -> PathBuf {
        self.folder.join("store")
    }

    /// Ends it in good order.
    pub async fn stop(self) -> Result<Stopped, Failure> {
        self.end("TERM").await
    }

    /// Ends it at once, as a crash does.
    pub async fn kill(self) -> Result<Stopped, Failure> {
        self.end("KILL").await
    }

    async fn end(self, signal: &str) -> Result<Stopped, Failure> {
        self.process.stop(signal).await?;
        Ok(Stopped {
            address: self.address,
            monitor: self.monitor,
            folder: self.folder,
        })
    }
}

/// One that can be started again, on the same store and ports.
pub struct Stopped {
    address: SocketAddr,
    monitor: SocketAddr,
    folder: PathBuf,
}

impl Stopped {
    /// Starts it again.
    pub async fn start(self) -> Result<Nats, Failure> {
        let Stopped {
            address,
            monitor,
            folder,
        } = self;
        let process = run(&folder, address, monitor).await?;
        Ok(Nats {
            process,
            address,
            monitor,
            folder,
        })
    }
}

async fn run(folder: &Path, address: SocketAddr, monitor: SocketAddr) -> Result<Process, Failure> {
    let config = folder.join("nats.conf");
    let store = folder.join("store");
    let text = format!(
        "listen: \"{address}\"\nhttp: \"{monitor}\"\njetstream {{\n  store_dir: \"{}\"\n  sync_interval: always\n}}\n",
        store.display()
    );
    fs::write(&config, text).because(config.display())?;
    let mut command = Command::new(program()?);
    command.arg("--config").arg(&config);
    let mut process = Process::start("nats", command, folder)?;
    let answers = async || TcpStream::connect(address).await.is_ok();
    process.until(answers).await?;
    Ok(process)
}

/// The program: that on the `PATH`, or the one that the tests have installed beside the build.
pub fn program() -> Result<PathBuf, Failure> {
    let name = "nats-server";
    let own = std::env::current_exe().unwrap_or_default();
    let installed = own
        .ancestors()
        .map(|folder| folder.join("manifests/bin").join(name));
    places::on_path(name)
        .into_iter()
        .chain(installed)
        .find(|program| program.is_file())
        .ok_or_else(|| {
            Failure::new("nats-server is not installed: `cargo xtask test --only tools` does so")
        })
}
