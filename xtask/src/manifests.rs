//! The deployment's files, held against what Kubernetes knows and against rules of our own.
//!
//! The rules are Python, in `deploy/checks`, for they are about YAML. This brings what they need, also kubectl, in an
//! environment of their own under the target directory, and runs them.

use crate::python::Environment;
use crate::run::Failure;

const CHECKS: &str = "deploy/checks";

/// What is installed, and how: packages for Python each by its version, programs each by its hash.
const REQUIREMENTS: [&str; 2] = ["requirements.txt", "requirements-programs.txt"];

/// Judges the files, and then sees that the judge finds planted faults.
pub(crate) fn run() -> Result<(), Failure> {
    let environment = bring()?;
    for script in ["main.py", "test_checks.py"] {
        environment
            .python()
            .arg(format!("{CHECKS}/{script}"))
            .show()?;
    }
    Ok(())
}

/// Brings the programs, of which the tests need the NATS server, too.
pub(crate) fn bring_programs() -> Result<(), Failure> {
    bring().map(drop)
}

fn bring() -> Result<Environment, Failure> {
    Environment::bring(
        "manifests",
        &REQUIREMENTS.map(|name| format!("{CHECKS}/{name}")),
    )
}
