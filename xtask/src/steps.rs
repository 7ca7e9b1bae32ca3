//! `cargo xtask test`: the one command that must pass. It runs the steps in the order of their cost, and stops at
//! the first that fails.

use clap::{Args, ValueEnum};

use crate::run::{Failure, Run, Stopwatch};
use crate::{api, bench, browser, bugs, docs, lint, manifests, places, servers, simulate, stripe};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Run this step alone
    #[arg(long, value_name = "STEP")]
    only: Option<Step>,
}

#[derive(Clone, Copy, PartialEq, ValueEnum)]
enum Step {
    /// Install what the tests need and this machine lacks (Debian: strace, python3-venv, postgresql, chromium, a font;
    /// PyPI: nats-server, schemathesis, localstripe, and Node.js where it is older than 20; npm: what drives the browser, and stripe)
    Tools,
    /// The code is formatted as rustfmt would
    Fmt,
    /// No lint has anything to say
    Clippy,
    /// Every test passes; among them: the documents in docs/ are current, and the house rules are kept
    Test,
    /// The invariants hold in two thousand simulated runs, whatever goes wrong in them
    Simulate,
    /// The pages do what they should in a real browser, for everybody, and are light
    Browser,
    /// The API answers as its document says, whatever it is sent
    Api,
    /// Stripe's own library and another double of Stripe agree with ours
    Stripe,
    /// The same tests once more, on a PostgreSQL and NATS servers of their own
    Servers,
    /// The benchmark runs, each scenario once and short; no figure counts
    Bench,
    /// rustdoc builds without a warning
    Doc,
    /// Licences and origins of the dependencies (skipped where cargo-deny is not installed)
    Deny,
    /// Every planted fault still applies to the code, and was caught when it was planted last
    Bugs,
    /// The deployment is sound: manifests, alerts, dashboards, compose, workflows
    Manifests,
}

impl Step {
    fn name(self) -> String {
        self.to_possible_value()
            .map(|value| value.get_name().to_owned())
            .unwrap_or_default()
    }

    fn run(self) -> Result<Outcome, Failure> {
        match self {
            Self::Tools => tools(),
            Self::Fmt => lint::formatting(),
            Self::Clippy => lint::clippy(),
            Self::Test => tests(),
            Self::Simulate => simulate::tests(),
            Self::Browser => browser::tests(),
            Self::Api => api::tests(),
            Self::Stripe => stripe::tests(),
            Self::Servers => servers::tests(),
            Self::Bench => bench::smoke(),
            Self::Doc => docs::rustdoc(),
            Self::Deny => return deny(),
            Self::Bugs => bugs::check(),
            Self::Manifests => manifests::run(),
        }
        .map(|()| Outcome::Passed)
    }
}

/// A step that was not run is never counted as passed.
#[derive(Clone, Copy, PartialEq)]
enum Outcome {
    Passed,
    Skipped,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    let whole = Stopwatch::start();
    let chosen = |step: &&Step| arguments.only.is_none_or(|only| only == **step);
    let (mut passed, mut skipped) = (Vec::new(), Vec::new());
    for step in Step::value_variants().iter().filter(chosen) {
        let name = step.name();
        println!("── {name}");
        let watch = Stopwatch::start();
        match step.run() {
            Ok(Outcome::Passed) => {
                println!("── {name} passed in {watch}\n");
                passed.push(name);
            }
            Ok(Outcome::Skipped) => {
                println!("── {name} skipped\n");
                skipped.push(name);
            }
            Err(failure) => {
                println!(
                    "── {name} failed after {watch}; passed before it: {}",
                    listed(&passed)
                );
                let again = format!("{failure}\nthis step alone: cargo xtask test --only {name}");
                return Err(Failure::new(again));
            }
        }
    }
    println!(
        "xtask test: done in {whole}; passed: {}; skipped: {}",
        listed(&passed),
        listed(&skipped)
    );
    Ok(())
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        "none".to_owned()
    } else {
        names.join(", ")
    }
}

fn tests() -> Result<(), Failure> {
    // Some tests start the real program, and find it beside themselves.
    Run::cargo(["build", "--workspace", "--bins"]).show()?;
    Run::cargo(["test", "--workspace"]).show()
}

/// The durability test watches the order of system calls, which takes strace; the manifests are judged in a Python
/// environment, which Debian can make only with a package more.
fn tools() -> Result<(), Failure> {
    install("strace", places::on_path("strace"))?;
    python_environments()?;
    servers::bring()?;
    browser::bring()?;
    api::bring()?;
    stripe::bring()
}

pub(crate) fn python_environments() -> Result<(), Failure> {
    let makes_them = Run::new("python3").args(["-c", "import ensurepip, venv"]);
    install("python3-venv", makes_them.quiet().is_ok())
}

/// Installs a package of Debian's, unless it is here.
pub(crate) fn install(package: &str, is_here: bool) -> Result<(), Failure> {
    if is_here {
        println!("{package} is here");
        return Ok(());
    }
    if !places::on_path("apt-get") {
        return Err(Failure::new(format!(
            "the tests need {package}: install it with this system's package manager"
        )));
    }
    println!("{package} is missing: installing it with apt-get");
    let apt = |args: &[&str]| as_root().args(args).show();
    let get = || apt(&["apt-get", "install", "--yes", package]);
    // A fresh machine has no package lists yet, and then knows no package.
    get()
        .or_else(|_| apt(&["apt-get", "update"]).and_then(|()| get()))
        .map_err(|_| {
            let hint = format!("as root: apt-get install {package}");
            Failure::new(format!("{package} could not be installed; {hint}"))
        })
}

/// `env` where this is root already, else `sudo`, which must not ask for a password: nobody may be there to answer.
pub(crate) fn as_root() -> Run {
    let root = Run::new("id")
        .arg("-u")
        .output()
        .is_ok_and(|id| id.trim_ascii() == b"0");
    if root {
        Run::new("env")
    } else {
        Run::new("sudo").arg("-n")
    }
}

fn deny() -> Result<Outcome, Failure> {
    if Run::cargo(["deny", "--version"]).quiet().is_err() {
        println!("cargo-deny is not installed (cargo install --locked cargo-deny)");
        return Ok(Outcome::Skipped);
    }
    println!("advisories are left out, they need the network: cargo deny check advisories");
    let checks = ["bans", "licenses", "sources"];
    Run::cargo(["deny", "--offline", "check", "--hide-inclusion-graph"])
        .args(checks)
        .show()?;
    Ok(Outcome::Passed)
}
