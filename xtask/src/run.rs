//! Running other programs: in the repository's root, shown before they start, their failure told in words.

use std::ffi::OsStr;
use std::fmt::{self, Display};
use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

/// Why a chore did not succeed, in words for the person who started it.
#[derive(Debug)]
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }
}

impl Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Brings programs of the workspace up to date, as the tests build them.
pub(crate) fn build(names: &[&str]) -> Result<(), Failure> {
    let programs = names.iter().flat_map(|name| ["--bin", name]);
    Run::cargo(["build", "--workspace"]).args(programs).show()
}

/// One program with its arguments, to be run in the repository's root.
pub(crate) struct Run {
    command: Command,
    shown: String,
}

impl Run {
    pub(crate) fn new(program: &str) -> Self {
        let mut command = Command::new(program);
        command
            .current_dir(crate::places::root())
            .stdin(Stdio::null());
        Self {
            command,
            shown: program.to_owned(),
        }
    }

    /// Cargo, told nothing of the package that this program is: build scripts that look at it (`ring`'s) would run
    /// again each time somebody calls cargo with and without this program in turn.
    pub(crate) fn cargo<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(args: I) -> Self {
        let mut run = Self::new("cargo");
        let ours =
            |name: &str| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_");
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(ours) {
                run.command.env_remove(name);
            }
        }
        run.args(args)
    }

    /// A program of the workspace as the tests build it, up to date. The whole workspace is resolved for it: cargo would
    /// build everything below a single package once more, with fewer features.
    pub(crate) fn of_ours(name: &str) -> Result<Self, Failure> {
        build(&[name])?;
        let program = crate::places::target()?.join("debug").join(name);
        Ok(Self::new(&program.to_string_lossy()))
    }

    pub(crate) fn arg(self, arg: impl AsRef<OsStr>) -> Self {
        self.args([arg])
    }

    pub(crate) fn args<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(mut self, args: I) -> Self {
        for arg in args {
            self.shown.push(' ');
            self.shown.push_str(&arg.as_ref().to_string_lossy());
            self.command.arg(arg);
        }
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    pub(crate) fn current_dir(mut self, dir: &Path) -> Self {
        self.command.current_dir(dir);
        self
    }

    /// Shows the command line, runs it with its output on the terminal, and waits for its end.
    pub(crate) fn show(mut self) -> Result<(), Failure> {
        println!("$ {}", self.shown);
        let status = self.command.status();
        self.judge(status)
    }

    /// Runs it with its output thrown away.
    pub(crate) fn quiet(mut self) -> Result<(), Failure> {
        let status = self
            .command
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        self.judge(status)
    }

    /// Runs it and returns what it printed.
    pub(crate) fn output(mut self) -> Result<Vec<u8>, Failure> {
        let output = self.command.stderr(Stdio::inherit()).output();
        let (status, printed) = match output {
            Ok(output) => (Ok(output.status), output.stdout),
            Err(error) => (Err(error), Vec::new()),
        };
        self.judge(status).map(|()| printed)
    }

    /// Runs it with all its output added to `log`; an exit code other than 0 is for the caller to judge.
    pub(crate) fn into_log(mut self, log: &File) -> Result<ExitStatus, Failure> {
        let cannot = |error| Failure::new(format!("`{}` could not be run: {error}", self.shown));
        let copy = || log.try_clone().map(Stdio::from);
        let (out, err) = copy().and_then(|out| Ok((out, copy()?))).map_err(cannot)?;
        self.command
            .stdout(out)
            .stderr(err)
            .status()
            .map_err(cannot)
    }

    fn judge(self, status: std::io::Result<ExitStatus>) -> Result<(), Failure> {
        match status {
            Ok(status) if status.success() => Ok(()),
            Ok(status) => Err(Failure::new(format!("`{}` failed ({status})", self.shown))),
            Err(error) => Err(Failure::new(format!(
                "`{}` could not be run: {error}",
                self.shown
            ))),
        }
    }
}

/// How long something took, for the person who waited.
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "a chore tells how long it took")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }
}

impl Display for Stopwatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.elapsed().as_millis();
        write!(f, "{}.{} s", millis / 1000, millis % 1000 / 100)
    }
}
