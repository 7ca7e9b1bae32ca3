//! A program that runs beside this one, writes to a log, and ends with it.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::failure::{Because, Failure};

/// How long anything may take to start, or to end.
const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// An address of this machine at which nobody listens at this moment.
pub fn free_address() -> Result<SocketAddr, Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).because("no free port")?;
    listener.local_addr().because("no free port")
}

/// A running program. It is killed when this goes.
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it; what it prints goes to `NAME.log` in `folder`.
    pub fn start(name: &str, mut command: Command, folder: &Path) -> Result<Process, Failure> {
        let log = folder.join(format!("{name}.log"));
        let out = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .because(log.display())?;
        let errors = out.try_clone().because(log.display())?;
        command
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(errors)
            .kill_on_drop(true);
        let child = command
            .spawn()
            .because(format!("{name} could not be started"))?;
        Ok(Process {
            name: name.to_owned(),
            child,
            log,
        })
    }

    /// Waits until `ready` says so; fails when the program ends before.
    pub async fn until(&mut self, ready: impl AsyncFn() -> bool) -> Result<(), Failure> {
        let waited = tokio::time::timeout(PATIENCE, async {
            while !ready().await {
                if let Some(status) = self.child.try_wait().because(&self.name)? {
                    return Err(self.with_log(&format!("ended at its start ({status})")));
                }
                pause(BETWEEN_LOOKS).await;
            }
            Ok(())
        });
        match waited.await {
            Ok(outcome) => outcome,
            Err(_) => Err(self.with_log("does not get ready")),
        }
    }

    /// Its number.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> Result<ExitStatus, Failure> {
        self.child.wait().await.because(&self.name)
    }

    /// Sends it a signal by its name, as in `TERM`.
    pub async fn signal(&self, signal: &str) -> Result<(), Failure> {
        let Some(pid) = self.pid() else {
            return Ok(());
        };
        let mut kill = Command::new("kill");
        kill.arg(format!("-{signal}")).arg(pid.to_string());
        kill.status().await.because("kill").map(drop)
    }

    /// Asks it to end with this signal, and waits until it has.
    pub async fn stop(mut self, signal: &str) -> Result<(), Failure> {
        self.signal(signal).await?;
        match tokio::time::timeout(PATIENCE, self.ended()).await {
            Ok(ended) => ended.map(drop),
            Err(_) => Err(self.with_log("does not end")),
        }
    }

    /// Ends it between any two of its instructions.
    pub async fn kill(mut self) -> Result<(), Failure> {
        self.child.kill().await.because(&self.name)
    }

    /// What it printed last.
    pub fn with_log(&self, words: &str) -> Failure {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        let tail: Vec<&str> = lines.into_iter().rev().collect();
        let name = &self.name;
        Failure::new(format!(
            "{name} {words}; its last lines:\n{}",
            tail.join("\n")
        ))
    }
}

#[expect(clippy::disallowed_methods, reason = "waiting for other programs")]
async fn pause(span: Duration) {
    tokio::time::sleep(span).await;
}
