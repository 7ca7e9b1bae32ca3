//! A NATS server of a test's own, if the tests are to run on one.

use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

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
        let mut server = NatsServer {
            program: program.into(),
            store: tempfile::tempdir().expect("a temporary folder"),
            port: free_port(),
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

/// A port at which nobody listens, and that no connection is given while its server is away: Linux takes those from
/// 32,768 on.
fn free_port() -> u16 {
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    let first = process::id().wrapping_mul(97);
    let turn = || first.wrapping_add(GIVEN.fetch_add(1, Ordering::Relaxed));
    let mut ports = std::iter::repeat_with(|| 10_000 + (turn() % 10_000) as u16);
    let free = ports.find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
    free.expect("a free port")
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
    }
}
