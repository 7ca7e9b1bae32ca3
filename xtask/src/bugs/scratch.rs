//! The scratch copy of the working tree, in which faults are planted. The working tree itself is only read.

use std::collections::BTreeSet;
use std::fmt::{self, Display};
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::patch::Patch;
use crate::run::{Failure, Run, Stopwatch};

/// A test with a fault in it may wait for ever.
const TEST_SECONDS: &str = "600";
/// What `timeout` exits with when it had to end the program.
const TIMED_OUT: i32 = 124;
/// What cargo exits with when a test failed.
const TEST_FAILED: i32 = 101;

pub(super) struct Scratch {
    root: PathBuf,
    tree: PathBuf,
    target: PathBuf,
    logs: PathBuf,
    /// The program that starts servers for those tests that need them.
    apart: PathBuf,
}

/// What became of a planted fault.
pub(super) struct Planted {
    /// With the named test.
    pub(super) test: Verdict,
    /// How long that took.
    pub(super) took: String,
    /// The seed that caught it, and how long the seeds up to it took; `None` where the simulation is not asked.
    pub(super) seed: Option<Option<(u64, String)>>,
}

/// What became of it with the named test.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// The named test failed, as it should.
    Caught,
    /// It passed, or the name fits no test.
    NotCaught,
    /// It did not end: that is a symptom, but no proof.
    Hung,
    /// The compiler refused the patched code, so that no test ran.
    DoesNotBuild,
    /// The test was killed, or could not be started.
    DidNotRun,
}

impl Scratch {
    /// Copies the working tree below `home`. Files that are already there and equal stay as they are: their times
    /// tell cargo what it need not build again.
    pub(super) fn copy_of(root: &Path, home: &Path) -> Result<Self, Failure> {
        fs::create_dir_all(home)
            .map_err(|error| Failure::new(format!("{}: {error}", home.display())))?;
        let home = home
            .canonicalize()
            .map_err(|error| Failure::new(format!("{}: {error}", home.display())))?;
        let [tree, target, logs] = ["tree", "target", "logs"].map(|name| home.join(name));
        let scratch = Self {
            root: root.to_path_buf(),
            tree,
            target,
            logs,
            apart: PathBuf::new(),
        };
        for folder in [&scratch.tree, &scratch.logs] {
            fs::create_dir_all(folder)
                .map_err(|error| Failure::new(format!("{}: {error}", folder.display())))?;
        }
        scratch.copy_all()?;
        Ok(scratch)
    }

    /// What starts the servers.
    pub(super) fn runs_with(&mut self, apart: PathBuf) {
        self.apart = apart;
    }

    pub(super) fn logs(&self) -> &Path {
        &self.logs
    }

    /// Whether the patch applies to the copy.
    pub(super) fn check(&self, patch: &Patch) -> Result<(), Failure> {
        self.git_apply(patch, &["--check"])
    }

    /// The patch's test is there, and passes on the code as it is.
    pub(super) fn passes_without(&self, patch: &Patch) -> Result<(), Failure> {
        let (line, name) = (patch.caught_by.join(" "), format!("{}.clean", patch.name));
        let status = self.cargo_test(patch).into_log(&self.log(&name)?)?;
        let printed = fs::read_to_string(self.log_file(&name)).unwrap_or_default();
        let ran = |line: &str| line.starts_with("running ") && line != "running 0 tests";
        if !status.success() {
            let logs = self.logs.display();
            return Err(Failure::new(format!(
                "without any fault, `cargo test {line}` fails: see {logs}"
            )));
        }
        if !printed.lines().any(ran) {
            return Err(Failure::new(format!(
                "`cargo test {line}` runs no test: the name in {} is wrong",
                patch.name
            )));
        }
        Ok(())
    }

    /// Plants one fault, runs its test, and the simulation if that should catch it, too; and takes the fault out again.
    pub(super) fn plant(&self, patch: &Patch) -> Result<Planted, Failure> {
        self.git_apply(patch, &[])?;
        let watch = Stopwatch::start();
        let test = self.judge(patch);
        let took = watch.to_string();
        let seed = patch.seeds.map(|seeds| self.simulate(patch, seeds));
        // Not the working tree once more: it may have been changed meanwhile, and the other faults are still to be
        // planted in what this run began with.
        self.git_apply(patch, &["--reverse"])?;
        Ok(Planted {
            test: test?,
            took,
            seed: seed.transpose()?,
        })
    }

    /// The first seed whose run is not sound.
    fn simulate(&self, patch: &Patch, seeds: u64) -> Result<Option<(u64, String)>, Failure> {
        let name = format!("{}.simulation", patch.name);
        let cargo = |verb: &str| {
            let run = Run::new("timeout").args(["--kill-after=10", TEST_SECONDS, "cargo", verb]);
            run.args(["--package", "tessera-simulation", "--bin", "simulate"])
                .current_dir(&self.tree)
                .env("CARGO_TARGET_DIR", &self.target)
        };
        if !cargo("build").into_log(&self.log(&name)?)?.success() {
            return Ok(None);
        }
        let watch = Stopwatch::start();
        let run = cargo("run").args(["--", "--seeds", &seeds.to_string()]);
        let status = run.into_log(&self.log(&name)?)?;
        let printed = fs::read_to_string(self.log_file(&name)).unwrap_or_default();
        let seed = printed.lines().find_map(|line| {
            let (seed, _) = line.strip_prefix("seed ")?.split_once(':')?;
            seed.parse().ok()
        });
        Ok(seed
            .filter(|_| !status.success())
            .map(|seed| (seed, watch.to_string())))
    }

    fn judge(&self, patch: &Patch) -> Result<Verdict, Failure> {
        let log = self.log(&patch.name)?;
        let builds = self.cargo(Run::new("timeout"), patch, &["--no-run"]);
        if !builds.into_log(&log)?.success() {
            return Ok(Verdict::DoesNotBuild);
        }
        let status = self.cargo_test(patch).into_log(&log)?;
        Ok(match status.code() {
            Some(0) => Verdict::NotCaught,
            Some(TEST_FAILED) => Verdict::Caught,
            Some(TIMED_OUT) => Verdict::Hung,
            _ => Verdict::DidNotRun,
        })
    }

    fn cargo_test(&self, patch: &Patch) -> Run {
        let timeout = if patch.needs_servers {
            // Outside: it ends the servers, also when the test had to be ended.
            Run::new(&self.apart.to_string_lossy()).args(["with", "timeout"])
        } else {
            Run::new("timeout")
        };
        self.cargo(timeout, patch, &[])
    }

    fn cargo(&self, timeout: Run, patch: &Patch, more: &[&str]) -> Run {
        let run = timeout
            .args(["--kill-after=10", TEST_SECONDS, "cargo", "test"])
            .args(more);
        run.args(&patch.caught_by)
            .current_dir(&self.tree)
            .env("CARGO_TARGET_DIR", &self.target)
    }

    fn git_apply(&self, patch: &Patch, more: &[&str]) -> Result<(), Failure> {
        let run = Run::new("git")
            .arg("apply")
            .args(more)
            .arg(&patch.file)
            .current_dir(&self.tree);
        // The copy lies inside the repository. There, git would take the paths for the repository's own, find that
        // they are outside of this folder, and apply nothing, without a word.
        let home = self.tree.parent().unwrap_or(&self.tree);
        run.env("GIT_CEILING_DIRECTORIES", home).quiet()
    }

    fn log(&self, name: &str) -> Result<File, Failure> {
        let file = self.log_file(name);
        File::create(&file).map_err(|error| Failure::new(format!("{}: {error}", file.display())))
    }

    fn log_file(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }

    /// Makes the copy equal to the working tree.
    fn copy_all(&self) -> Result<(), Failure> {
        let wanted = self.files()?;
        remove_others(&self.tree, &self.tree, &wanted)
            .and_then(|()| {
                wanted.iter().try_for_each(|file| {
                    copy_if_changed(&self.root.join(file), &self.tree.join(file))
                })
            })
            .map_err(|error| Failure::new(format!("the scratch copy could not be made: {error}")))
    }

    /// What git tracks, and what is new and not ignored: a fault can be tried before it is committed.
    fn files(&self) -> Result<BTreeSet<PathBuf>, Failure> {
        let listed = [
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ];
        let printed = Run::new("git")
            .args(listed)
            .current_dir(&self.root)
            .output()?;
        let names = printed
            .split(|byte| *byte == 0)
            .filter(|name| !name.is_empty());
        let files = names.map(|name| PathBuf::from(String::from_utf8_lossy(name).into_owned()));
        Ok(files
            .filter(|file| self.root.join(file).is_file())
            .collect())
    }
}

impl Planted {
    /// Whether everything caught it that should.
    pub(super) fn is_caught(&self) -> bool {
        self.test == Verdict::Caught && self.seed.as_ref().is_none_or(Option::is_some)
    }
}

impl Display for Planted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} after {}", self.test, self.took)?;
        match &self.seed {
            None => Ok(()),
            Some(None) => f.write_str("; by no seed"),
            Some(Some((seed, took))) => write!(f, "; by seed {seed} after {took}"),
        }
    }
}

impl Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Caught => "caught",
            Self::NotCaught => "NOT caught",
            Self::Hung => "NOT caught: hung",
            Self::DoesNotBuild => "NOT caught: does not build",
            Self::DidNotRun => "NOT caught: did not run",
        })
    }
}

fn remove_others(tree: &Path, folder: &Path, wanted: &BTreeSet<PathBuf>) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(tree, &path, wanted)?;
        } else if path
            .strip_prefix(tree)
            .is_ok_and(|file| !wanted.contains(file))
        {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn copy_if_changed(from: &Path, to: &Path) -> std::io::Result<()> {
    let content = fs::read(from)?;
    if fs::read(to).is_ok_and(|present| present == content) {
        return Ok(());
    }
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::copy(from, to).map(|_| ())
}
