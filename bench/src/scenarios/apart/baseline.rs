//! The limit that reservations on PostgreSQL are compared with: `pgbench` with the one reserving transaction.

use std::path::{Path, PathBuf};

use tessera_apart::postgres;
use tokio::process::Command;

use crate::failure::{Because, Failure};
use crate::ledger::databases::fill_baseline;

/// What it sends.
const SCRIPT: &str = include_str!("baseline.sql");

/// Sessions at once. With more of them two cores do less.
const CLIENTS: &str = "16";

/// Further apart than the numbers of transactions that a client does in one round.
const ROUND: u64 = 10_000_000;

pub(super) struct Baseline {
    pgbench: PathBuf,
    script: PathBuf,
    database: String,
    rounds: u64,
}

impl Baseline {
    /// `database` is a copy of the one of orders, before orders has written anything.
    pub(super) async fn new(database: String, folder: &Path) -> Result<Self, Failure> {
        fill_baseline(&database).await?;
        let script = folder.join("baseline.sql");
        std::fs::write(&script, SCRIPT).because(script.display())?;
        let pgbench = postgres::programs().because("PostgreSQL")?.join("pgbench");
        Ok(Self {
            pgbench,
            script,
            database,
            rounds: 0,
        })
    }

    /// Transactions a second, for so many seconds.
    pub(super) async fn round(&mut self, seconds: u64) -> Result<u64, Failure> {
        let first = self.rounds * ROUND;
        self.rounds += 1;
        let mut pgbench = Command::new(&self.pgbench);
        pgbench
            .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
            .args(["--client", CLIENTS])
            .arg(format!("--time={seconds}"))
            .arg(format!("--define=n={first}"))
            .arg("--file")
            .arg(&self.script)
            .arg(&self.database);
        let output = pgbench.output().await.because("pgbench")?;
        let said = String::from_utf8_lossy(&output.stdout);
        rate(&said)
            .filter(|_| output.status.success())
            .ok_or_else(|| {
                let errors = String::from_utf8_lossy(&output.stderr);
                Failure::new(format!(
                    "pgbench failed ({}):\n{said}{errors}",
                    output.status
                ))
            })
    }
}

/// Out of `tps = 7012.345678 (without initial connection time)`.
fn rate(said: &str) -> Option<u64> {
    let line = said.lines().find_map(|line| line.strip_prefix("tps = "))?;
    line.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::rate;

    #[test]
    fn the_rate_is_read_from_what_pgbench_says() {
        let said = "latency average = 2 ms\ntps = 7012.345678 (without initial connection time)\n";
        assert_eq!(rate(said), Some(7012));
        assert_eq!(rate("pgbench: error"), None);
    }
}
