//! PostgreSQL and NATS: brought where they are missing, the tests run on them, and the distributed form with them.

use std::fs;
use std::path::PathBuf;

use clap::Args;

use crate::run::{Failure, Run};
use crate::{manifests, places, steps};

/// Where Debian keeps the programs of PostgreSQL, which are not on the path.
const DEBIAN: &str = "/usr/lib/postgresql";

/// A package that is installed makes a server of its own and starts it, unless this file says otherwise.
const NO_SERVER: &str = "test -e /etc/postgresql-common/createcluster.conf || {
    mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' > /etc/postgresql-common/createcluster.conf; }";

/// The tests whose subject is the engine, the bus, or what runs on them; and of those of the whole system the ones that
/// do not start the embedded form themselves.
const SUITES: [&str; 11] = [
    "mechanisms",
    "auth",
    "tickets",
    "orders",
    "expiration",
    "payments",
    "races",
    "out_of_order",
    "check",
    "secured",
    "apart",
];

/// Of the histories of the lock, the one of the distributed form: the other one starts the embedded one.
const OF_THE_LOCK: &str = "several_processes";

/// Of card payments, those with several at once, and a few of the random schedules: a server takes longer for each.
const OF_CARDS: &str = "racing payouts however_they";
const SCHEDULES: &str = "3";

#[derive(Args)]
pub(crate) struct Arguments {
    /// What `apart up` takes, such as --replicas orders=2
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

/// Installs what is missing, and says so.
pub(crate) fn bring() -> Result<(), Failure> {
    let postgres = places::on_path("initdb") || postgres().is_some();
    if !postgres {
        steps::as_root().args(["sh", "-c", NO_SERVER]).show()?;
    }
    steps::install("postgresql", postgres)?;
    manifests::bring_programs()
}

/// The newest that Debian has installed. (The client's package has a folder there, too, and no server in it.)
pub(crate) fn postgres() -> Option<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let programs = versions.map(|version| version.path().join("bin/postgres"));
    programs.filter(|program| program.is_file()).max()
}

/// Runs the tests of everything that knows an engine or a bus, on the servers.
pub(crate) fn tests() -> Result<(), Failure> {
    let suites = SUITES.map(|name| format!("--test {name}")).join(" ");
    // Of the whole workspace, so that what is built already is what runs; the units that know no engine take a moment.
    let test = "cargo test --workspace";
    let commands = format!(
        "{test} --lib {suites} && {test} --test linearizable -- {OF_THE_LOCK} && {test} --test stripe -- {OF_CARDS}"
    );
    with(&["sh", "-c", &commands])?
        .env("STRIPE_SCHEDULES", SCHEDULES)
        .show()
}

/// A command that finds the servers, which are there for as long as it runs.
pub(crate) fn with(command: &[&str]) -> Result<Run, Failure> {
    Ok(Run::of_ours("apart")?.arg("with").args(command))
}

/// The distributed form, behind one port.
pub(crate) fn up(arguments: &Arguments) -> Result<(), Failure> {
    bring()?;
    Run::cargo(["build", "--release", "-p", "tessera", "-p", "tessera-apart"]).show()?;
    let program = places::target()?.join("release/apart");
    Run::new(&program.to_string_lossy())
        .arg("up")
        .args(&arguments.rest)
        .show()
}
