//! A server process of our own: started, waited for, measured, and ended by its id.

use std::fs::{self, File};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use http::StatusCode;

use crate::client::Connection;
use crate::failure::{Because, Failure};
use crate::pace;

const READY_WITHIN: Duration = Duration::from_secs(60);
const STOPPED_WITHIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// Linux counts a process's time in hundredths of a second, on every machine.
const MICROS_PER_TICK: u64 = 10_000;

pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    pub(crate) address: SocketAddr,
    /// From just before exec to the first 200 of /readyz.
    pub(crate) ready_after_micros: u64,
}

impl Process {
    /// Starts the command, which is to listen at `address`, and waits until it is ready. What it prints goes to `log`.
    pub(crate) async fn start(
        mut command: Command,
        address: SocketAddr,
        log: PathBuf,
    ) -> Result<Self, Failure> {
        let out = File::options()
            .create(true)
            .append(true)
            .open(&log)
            .because(log.display())?;
        let err = out.try_clone().because(log.display())?;
        command.stdin(Stdio::null()).stdout(out).stderr(err);
        let start = pace::now();
        let child = command.spawn().because(format_args!(
            "{:?} could not be started",
            command.get_program()
        ))?;
        let mut process = Self {
            child,
            log,
            address,
            ready_after_micros: 0,
        };
        process.wait_until_ready(start).await?;
        process.ready_after_micros = pace::micros_since(start);
        Ok(process)
    }

    async fn wait_until_ready(&mut self, start: Instant) -> Result<(), Failure> {
        while !self.is_ready().await {
            if let Some(status) = self.exited()? {
                return Err(self.with_log(&format!("the server ended at its start ({status})")));
            }
            if start.elapsed() > READY_WITHIN {
                return Err(self.with_log("the server is not ready after a minute"));
            }
            pace::pause(LOOK_EVERY).await;
        }
        Ok(())
    }

    async fn is_ready(&self) -> bool {
        let Ok(mut connection) = Connection::open(self.address).await else {
            return false;
        };
        connection
            .get("/readyz", None)
            .await
            .is_ok_and(|reply| reply.status == StatusCode::OK)
    }

    /// Asks it to end, as an operator would, and waits for it.
    pub(crate) async fn stop(mut self) -> Result<(), Failure> {
        let asked = Command::new("kill")
            .arg("-TERM")
            .arg(self.child.id().to_string())
            .status();
        asked.because("the server could not be asked to end")?;
        let start = pace::now();
        while start.elapsed() < STOPPED_WITHIN {
            match self.exited()? {
                Some(status) if status.success() => return Ok(()),
                Some(status) => {
                    return Err(self.with_log(&format!("the server ended badly ({status})")));
                }
                None => pace::pause(LOOK_EVERY).await,
            }
        }
        Err(self.with_log("the server did not end when asked to"))
    }

    /// Memory in use, in KiB.
    pub(crate) fn resident_kib(&self) -> Result<u64, Failure> {
        let status = self.proc_file("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line
            .and_then(|line| line.split_whitespace().next())
            .and_then(|number| number.parse().ok());
        number.ok_or_else(|| Failure::new("/proc has no VmRSS for the server"))
    }

    /// Processor time used so far.
    pub(crate) fn cpu_micros(&self) -> Result<u64, Failure> {
        cpu_micros(&self.proc_file("stat")?)
    }

    fn proc_file(&self, name: &str) -> Result<String, Failure> {
        let path = format!("/proc/{}/{name}", self.child.id());
        fs::read_to_string(&path).because(path)
    }

    fn exited(&mut self) -> Result<Option<ExitStatus>, Failure> {
        self.child
            .try_wait()
            .because("the server's state is unknown")
    }

    fn with_log(&self, words: &str) -> Failure {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(20).collect();
        let tail: Vec<&str> = lines.into_iter().rev().collect();
        Failure::new(format!("{words}; its last lines:\n{}", tail.join("\n")))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // After `stop` both do nothing. After a failure nobody needs its data any more.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// Processor time that this program has used so far.
pub(crate) fn own_cpu_micros() -> Result<u64, Failure> {
    cpu_micros(&fs::read_to_string("/proc/self/stat").because("/proc/self/stat")?)
}

/// User and system time out of a `/proc/…/stat`. The second field is the program's name, which may hold blanks.
fn cpu_micros(stat: &str) -> Result<u64, Failure> {
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let ticks = after_name
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<u64>);
    let ticks = ticks
        .sum::<Result<u64, _>>()
        .because("/proc has another form than known")?;
    Ok(ticks * MICROS_PER_TICK)
}

#[cfg(test)]
mod tests {
    use super::cpu_micros;

    #[test]
    fn processor_time_is_read_past_a_name_with_blanks() {
        let stat = "42 (a) name) S 1 42 42 0 -1 4194304 900 0 0 0 150 25 0 0 20 0 8 0 100 1000";
        assert_eq!(cpu_micros(stat).unwrap(), 1_750_000);
    }
}
