//! Environments of Python under the target directory, each with just what its files of requirements name.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Failure, Run};
use crate::{places, steps};

/// One of them.
pub(crate) struct Environment {
    home: PathBuf,
}

impl Environment {
    /// The environment of this name, made anew unless it has what these files, below the root, name. Everything is
    /// pinned in them: nothing else comes along, and nothing is built.
    pub(crate) fn bring(name: &str, requirements: &[String]) -> Result<Environment, Failure> {
        let home = places::target()?.join(name);
        // Of another Python it would be of no use.
        let version = Run::new("python3").arg("--version").output()?;
        let mut wanted = String::from_utf8_lossy(&version).into_owned();
        for file in requirements {
            wanted += &read(&places::root().join(file))?;
        }
        let filled = home.join("filled-with.txt");
        let environment = Environment { home };
        if fs::read_to_string(&filled).is_ok_and(|with| with == wanted) {
            println!("target/{name} is here");
            return Ok(environment);
        }
        println!("target/{name} is missing or out of date: filling it from PyPI");
        steps::python_environments()?;
        environment.fill(requirements)?;
        fs::write(&filled, wanted)
            .map_err(|error| Failure::new(format!("{}: {error}", filled.display())))?;
        Ok(environment)
    }

    fn fill(&self, requirements: &[String]) -> Result<(), Failure> {
        // What is left of a run that was ended half-way, or had other requirements, would be in the way.
        let _absent = fs::remove_dir_all(&self.home);
        Run::new("python3")
            .args(["-m", "venv"])
            .arg(&self.home)
            .show()?;
        for file in requirements {
            self.python()
                .args(["-m", "pip", "install", "--quiet"])
                .args(["--disable-pip-version-check", "--no-deps"])
                .args(["--only-binary=:all:", "--requirement"])
                .arg(file)
                .show()?;
        }
        Ok(())
    }

    /// Its `python`, with the arguments still to come.
    pub(crate) fn python(&self) -> Run {
        Run::new(&self.program("python"))
            // No compiled copies beside the sources.
            .env("PYTHONDONTWRITEBYTECODE", "1")
    }

    /// The path of one of its programs.
    pub(crate) fn program(&self, name: &str) -> String {
        self.home
            .join("bin")
            .join(name)
            .to_string_lossy()
            .into_owned()
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    fs::read_to_string(file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))
}
