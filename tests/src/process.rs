//! The real program, in a process of its own.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use crate::client::Client;
use crate::eventually;

/// A running `tessera serve`; killed when dropped.
pub struct Server {
    child: Child,
    /// Where it serves: `http://127.0.0.1:…`.
    pub url: String,
}

/// The program, built from the code as it is now.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().expect("the test's own path");
        // target/<profile>/deps/<test>
        let profile = test.ancestors().nth(2).expect("a target folder").to_owned();
        let mut build = Command::new(env!("CARGO"));
        build.args([
            "build",
            "--quiet",
            "--package",
            "tessera",
            "--bin",
            "tessera",
        ]);
        build
            .arg("--target-dir")
            .arg(profile.parent().expect("a target folder"));
        if profile.ends_with("release") {
            build.arg("--release");
        }
        assert!(
            build.status().expect("cargo runs").success(),
            "the program does not build"
        );
        profile.join("tessera")
    })
}

/// The program with these arguments, and the settings of `data`.
pub fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .args(arguments)
        .env("DATA_DIR", data)
        .env("RUST_LOG", "warn")
        .stdin(Stdio::null());
    command
}

/// Runs the program to its end.
pub fn run(data: &Path, arguments: &[&str]) -> Output {
    command(data, arguments).output().expect("the program runs")
}

/// What a finished program said, for a message.
pub fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

impl Server {
    /// Starts the server on `data` and waits until it is ready. `settings` are environment variables.
    pub async fn start(data: &Path, settings: &[(&str, &str)]) -> Server {
        Server::launch(Stdio::inherit(), data, &[], settings).await
    }

    /// The same, of these services alone.
    pub async fn start_some(data: &Path, services: &[&str], settings: &[(&str, &str)]) -> Server {
        Server::launch(Stdio::inherit(), data, services, settings).await
    }

    /// The same of all of them, with its log going elsewhere.
    pub async fn start_saying_to(log: Stdio, data: &Path, settings: &[(&str, &str)]) -> Server {
        Server::launch(log, data, &[], settings).await
    }

    async fn launch(
        log: Stdio,
        data: &Path,
        services: &[&str],
        settings: &[(&str, &str)],
    ) -> Server {
        let address = free_address();
        let mut command = command(data, &[&["serve"], services].concat());
        command
            .env("LISTEN", &address)
            .env("RATE_LIMITS", "off")
            .stdout(Stdio::null())
            .stderr(log);
        command.envs(settings.iter().copied());
        let child = command.spawn().expect("the server starts");
        let mut server = Server {
            child,
            url: format!("http://{address}"),
        };
        let client = Client::new(&server.url);
        eventually("the server to be ready", async || {
            if let Some(status) = server.child.try_wait().expect("a process") {
                panic!("the server ended at once: {status}");
            }
            client
                .try_get("/readyz")
                .await
                .filter(|answer| answer.status == 200)
        })
        .await;
        server
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Ends it between any two of its instructions.
    pub fn kill(mut self) {
        self.child.kill().expect("the server is killed");
        self.child.wait().expect("the server is gone");
    }

    /// Asks it to end (SIGTERM), and answers how it ended.
    pub async fn terminate(self) -> std::process::ExitStatus {
        self.ask_to_end();
        self.ended().await
    }

    /// Asks it to end (SIGTERM).
    pub fn ask_to_end(&self) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill")
            .args(["-TERM", &pid])
            .status()
            .expect("kill runs");
        assert!(sent.success(), "the signal was not sent");
    }

    /// Waits until it has ended, and answers how.
    pub async fn ended(mut self) -> std::process::ExitStatus {
        eventually("the server to end", async || {
            self.child.try_wait().expect("a process")
        })
        .await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An address that nobody listens at.
pub fn free_address() -> String {
    let address = tessera_apart::process::free_address();
    address.expect("a free port").to_string()
}
