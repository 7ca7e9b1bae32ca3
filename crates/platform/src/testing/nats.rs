//! A NATS server of a test's own, if the tests are to run on one.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::bus::nats::NatsSettings;

/// Where the tests find the program `nats-server`, if they are to run on it.
pub const TEST_NATS_SERVER: &str = "TESSERA_TEST_NATS_SERVER";

/// A server with a store of its own. It ends with this.
pub struct NatsServer {
    program: PathBuf,
    store: TempDir,
    port: u16,
    child: Option<Child>,
}

impl NatsServer {
    /// Starts one; `None` where the tests run without.
    #[expect(
        clippy::disallowed_methods,
        reason = "the runner of the tests says where the program is"
    )]
    pub fn start() -> Option<NatsServer> {
        let program = std::env::var_os(TEST_NATS_SERVER)?;
        let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = free.local_addr().expect("its number").port();
        drop(free);
        let mut server = NatsServer {
            program: program.into(),
            store: tempfile::tempdir().expect("a temporary folder"),
            port,
            child: None,
        };
        server.resume();
        Some(server)
    }

    /// Its address.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// How to connect to it.
    pub fn settings(&self) -> NatsSettings {
        NatsSettings::parse(&self.url()).expect("an address")
    }

    /// Where it keeps its streams.
    pub fn store(&self) -> &Path {
        self.store.path()
    }

    /// Its process.
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Starts it again on the same store.
    pub fn resume(&mut self) {
        let child = Command::new(&self.program)
            .args([
                "-js",
                "-a",
                "127.0.0.1",
                "-p",
                &self.port.to_string(),
                "-sd",
            ])
            .arg(self.store.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        self.child = Some(child.expect("nats-server starts"));
    }

    /// Ends it at once, as a crash does.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}
