//! A program that runs beside this one, writes to a log, and ends with it.

use std::fs::{self, File};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use tokio::process::{Child, Command};

use crate::failure::{Because, Failure};

/// How long anything may take to start, or to end.
const PATIENCE: Duration = Duration::from_secs(60);
const BETWEEN_LOOKS: Duration = Duration::from_millis(20);

/// Where a server may listen: below the ports that Linux gives to connections by itself (32,768 and up), or one of
/// those might take its place before it listens there, or while it is away.
const PORTS: Range<u16> = 20_000..32_000;

/// Each is given once by this process. Others begin elsewhere: their numbers are others.
static NEXT: LazyLock<AtomicU32> =
    LazyLock::new(|| AtomicU32::new(std::process::id().wrapping_mul(97)));

/// An address of this machine at which nobody listens at this moment.
pub fn free_address() -> Result<SocketAddr, Failure> {
    for _port in PORTS {
        let turn = NEXT.fetch_add(1, Ordering::Relaxed) as usize;
        let port = PORTS.start + (turn % PORTS.len()) as u16;
        if let Ok(listener) = TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            return listener.local_addr().because("no free port");
        }
    }
    Err(Failure::new(format!("no free port among {PORTS:?}")))
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn no_two_servers_get_the_same_address_and_none_that_is_taken() {
        let first = free_address().unwrap();
        // The next in turn is somebody's already.
        let taken = SocketAddr::new(first.ip(), first.port() + 1);
        let _listener = TcpListener::bind(taken);
        let given: HashSet<_> = (0..100).map(|_| free_address().unwrap()).collect();
        assert_eq!(given.len(), 100);
        assert!(!given.contains(&first) && !given.contains(&taken));
    }
}
