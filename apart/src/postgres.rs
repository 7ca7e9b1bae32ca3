//! A PostgreSQL server of our own, in a folder of its own, on a port that nobody uses.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::net::TcpStream;
use tokio::process::Command;

use crate::failure::{Because, Failure};
use crate::places;
use crate::process::{Process, free_address};

/// Where Debian keeps the programs of each version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// Memory for its pages: enough to try things out.
const BUFFERS: &str = "256MB";

/// The role that owns everything.
const ROLE: &str = "tessera";

/// A running server. It ends with this.
pub struct Postgres {
    process: Process,
    address: SocketAddr,
    folder: PathBuf,
    durable: bool,
    buffers: &'static str,
}

impl Postgres {
    /// Starts one that keeps its data in `folder`, which is made if it is not there. One that is not `durable` is
    /// faster, and loses what it has when the power fails: for tests that take no power away.
    pub async fn start(folder: &Path, durable: bool) -> Result<Postgres, Failure> {
        Postgres::start_with(folder, durable, BUFFERS).await
    }

    /// The same, with so much memory for pages of its own.
    pub async fn start_with(
        folder: &Path,
        durable: bool,
        buffers: &'static str,
    ) -> Result<Postgres, Failure> {
        let programs = programs()?;
        fs::create_dir_all(folder).because(folder.display())?;
        give_away(folder).await?;
        let data = folder.join("data");
        if !data.join("PG_VERSION").exists() {
            let mut init = as_nobody(&programs.join("initdb")).await;
            init.args(["--username", ROLE, "--auth", "trust", "--no-sync"])
                .args(["--encoding", "UTF8", "--locale", "C.UTF-8", "--pgdata"])
                .arg(&data)
                .stdout(Stdio::null());
            let status = init.status().await.because("initdb")?;
            if !status.success() {
                return Err(Failure::new(format!("initdb failed ({status})")));
            }
        }
        let address = free_address()?;
        let process = run(&programs, folder, address, durable, buffers).await?;
        Ok(Postgres {
            process,
            address,
            folder: folder.to_owned(),
            durable,
            buffers,
        })
    }

    /// How to reach it; a database's name may follow.
    pub fn url(&self) -> String {
        format!("postgres://{ROLE}@{}", self.address)
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs a statement as its owner, outside of the services' databases.
    pub async fn run(&self, sql: &str) -> Result<(), Failure> {
        let mut psql = Command::new(programs()?.join("psql"));
        psql.args([
            "--quiet",
            "--no-psqlrc",
            "--set",
            "ON_ERROR_STOP=1",
            "--command",
            sql,
        ])
        .arg(format!("{}/postgres", self.url()));
        let status = psql.status().await.because("psql")?;
        if status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("psql failed ({status}): {sql}")))
    }

    /// Ends it in good order.
    pub async fn stop(self) -> Result<(), Failure> {
        // Fast: sessions are thrown out.
        self.process.stop("INT").await
    }

    /// Ends it at once, as a crash does, and starts it again.
    pub async fn crash(self) -> Result<Postgres, Failure> {
        let Postgres {
            process,
            address,
            folder,
            durable,
            buffers,
        } = self;
        // Immediate: no session is told, and nothing is written any more.
        process.stop("QUIT").await?;
        let process = run(&programs()?, &folder, address, durable, buffers).await?;
        Ok(Postgres {
            process,
            address,
            folder,
            durable,
            buffers,
        })
    }
}

async fn run(
    programs: &Path,
    folder: &Path,
    address: SocketAddr,
    durable: bool,
    buffers: &str,
) -> Result<Process, Failure> {
    let mut command = as_nobody(&programs.join("postgres")).await;
    command.arg("-D").arg(folder.join("data"));
    let port = format!("port={}", address.port());
    let sockets = format!("unix_socket_directories={}", folder.display());
    let sync = format!("fsync={}", if durable { "on" } else { "off" });
    let buffers = format!("shared_buffers={buffers}");
    let settings = [
        port.as_str(),
        sockets.as_str(),
        sync.as_str(),
        buffers.as_str(),
        "listen_addresses=127.0.0.1",
        "max_connections=400",
        "max_wal_size=4GB",
        "deadlock_timeout=100ms",
    ];
    for setting in settings {
        command.args(["-c", setting]);
    }
    let mut process = Process::start("postgres", command, folder)?;
    let answers = async || is_ready(programs, address).await;
    process.until(answers).await?;
    Ok(process)
}

async fn is_ready(programs: &Path, address: SocketAddr) -> bool {
    // Cheaper than a program for each look.
    if TcpStream::connect(address).await.is_err() {
        return false;
    }
    let mut ask = Command::new(programs.join("pg_isready"));
    ask.args(["--quiet", "--host", "127.0.0.1", "--port"])
        .arg(address.port().to_string());
    ask.status().await.is_ok_and(|status| status.success())
}

/// The folder of PostgreSQL's programs: the newest that Debian has installed, or that on the `PATH`.
pub fn programs() -> Result<PathBuf, Failure> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = versions
        .map(|version| version.path().join("bin"))
        .filter(|folder| folder.join("initdb").is_file())
        .collect();
    found.sort();
    found.reverse();
    // What is on the path may only point to where the others are.
    let real = places::on_path("initdb").into_iter();
    let real = real.filter_map(|program| fs::canonicalize(program).ok());
    found.extend(real.filter_map(|program| program.parent().map(Path::to_owned)));
    found.into_iter().next().ok_or_else(|| {
        Failure::new("PostgreSQL is not installed: `cargo xtask test --only tools` does so")
    })
}

/// PostgreSQL refuses to run as root.
async fn as_nobody(program: &Path) -> Command {
    if !is_root().await {
        return Command::new(program);
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--"])
        .arg(program);
    command
}

async fn give_away(folder: &Path) -> Result<(), Failure> {
    if !is_root().await {
        return Ok(());
    }
    let mut chown = Command::new("chown");
    chown.arg("nobody:nogroup").arg(folder);
    chown.status().await.because("chown")?;
    let mut look = as_nobody(Path::new("test")).await;
    look.arg("-w").arg(folder);
    if look.status().await.because("setpriv")?.success() {
        return Ok(());
    }
    let folder = folder.display();
    Err(Failure::new(format!(
        "DATA_DIR: PostgreSQL refuses to run as root, and the user nobody does not get into {folder}; choose another folder, as in --data-dir /var/tmp/tessera"
    )))
}

async fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().await;
    id.is_ok_and(|id| id.stdout.trim_ascii() == b"0")
}
