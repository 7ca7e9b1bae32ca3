//! Every fault of the distributed form, drawn from a seed, for as long as somebody wishes.
//!
//! What happens is told by `tests/tests/apart/soak.rs`. This runs it, and writes the report.

use std::fs;
use std::path::Path;

use clap::Args;

use crate::run::{Failure, Run, Stopwatch};
use crate::{places, servers, surroundings};

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// How long faults go on
    #[arg(long, default_value_t = 30)]
    minutes: u64,
    /// What the faults are drawn from: the same seed, the same kinds of faults in the same order (without it: drawn, and told)
    #[arg(long)]
    seed: Option<u64>,
    /// Build for release: the services answer faster, so that more is under way when a fault comes
    #[arg(long)]
    release: bool,
}

const EXAMPLES: &str = "\
Starts the distributed form (PostgreSQL, NATS, two processes of each service, a front). Eight buyers list, reserve, pay and \
cancel, want each other's tickets, and let locks of 10 s end. Meanwhile brokers, databases and processes are killed, paused, \
emptied, rolled back and restarted, and events come again. Once a minute `tessera check` looks through everything; in the \
end every order has to be where its buyer or its time brought it, and all money where the tickets are.

Exits 1 if anything was lost or broken. The report, and the logs of a run that failed, are kept in target/soak.

Examples:
  cargo xtask soak --minutes 30            as before a release
  cargo xtask soak --minutes 2 --seed 7    a look, or the faults of an earlier run again";

const TEST: &str = "soak::whatever_happens_for_however_long_nothing_is_lost_or_broken";

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    servers::bring()?;
    let cargo = |line: &[&str]| {
        let run = Run::cargo(line);
        if arguments.release {
            run.arg("--release")
        } else {
            run
        }
    };
    // The test starts the program that lies beside it: it must be of the same build.
    cargo(&["build", "--package", "tessera"]).show()?;
    let test = ["--package", "tessera-tests", "--test", "apart"];
    cargo(&[&["test", "--no-run"][..], &test].concat()).show()?;
    let folder = places::target()?.join("soak");
    let _absent = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).map_err(|error| cannot(&folder, &error))?;
    let (figures, counts) = (folder.join("figures.txt"), folder.join("faults.txt"));
    let seed = arguments
        .seed
        .unwrap_or_else(|| u64::from(std::process::id()));
    // Before it: what is committed meanwhile was not run.
    let surroundings = surroundings::tell(arguments.release);
    let watch = Stopwatch::start();
    let played = cargo(&[&["test", "--quiet"][..], &test].concat())
        .args(["--", "--exact", "--nocapture", TEST])
        .env("TESSERA_SOAK_SECONDS", (arguments.minutes * 60).to_string())
        .env("TESSERA_SOAK_SEED", seed.to_string())
        .env("TESSERA_SOAK_COUNTS", &counts)
        .env("TESSERA_FAULTS_TABLE", &figures)
        .env("TESSERA_FAULTS_LOGS", folder.join("logs"))
        // That there are servers; the tests find the program by themselves.
        .env("TESSERA_TEST_NATS_SERVER", "nats-server")
        .show();
    // A test that was renamed is not found, and then passes without a word.
    let figures = fs::read_to_string(&figures).unwrap_or_default();
    let passed = played.is_ok() && !figures.is_empty();
    let report = format!(
        "{surroundings}seed {seed}, {} minutes of faults, {watch} in all: {}\n\n{}\n{}",
        arguments.minutes,
        if passed { "passed" } else { "FAILED" },
        fs::read_to_string(&counts).unwrap_or_default(),
        figures.replace(' ', "\n"),
    );
    println!("\n{report}");
    let path = folder.join("report.txt");
    fs::write(&path, report).map_err(|error| cannot(&path, &error))?;
    if passed {
        return Ok(());
    }
    let folder = folder.display();
    Err(Failure::new(format!(
        "it failed; logs in {folder}; again: cargo xtask soak --minutes {} --seed {seed}",
        arguments.minutes
    )))
}

fn cannot(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", path.display()))
}
