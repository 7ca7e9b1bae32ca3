//! The bus: TLS, and each way to say who one is.

use std::fs;
use std::path::Path;
use std::time::Duration;

use nkeys::KeyPair;
use tempfile::TempDir;
use tessera_apart::nats::program;
use tessera_apart::process::{Process, free_address};
use tessera_platform::bus::nats::{Nats, NatsSettings};
use tessera_tests::apart::has_servers;
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::certificates::Authority;
use crate::jwt::Operator;

/// Longer than a start waits for a server that is away.
const SOON: Duration = Duration::from_secs(8);

/// A server with a configuration of the test's own.
struct Secured {
    folder: TempDir,
    address: String,
    _process: Process,
}

impl Secured {
    async fn start(folder: TempDir, config: &str) -> Secured {
        let address = free_address().unwrap();
        let store = folder.path().join("store");
        let text = format!(
            "listen: \"{address}\"\njetstream {{ store_dir: \"{}\" }}\n{config}",
            store.display()
        );
        let path = folder.path().join("nats.conf");
        fs::write(&path, text).unwrap();
        let mut command = Command::new(program().unwrap());
        command.arg("--config").arg(&path);
        let mut process = Process::start("nats", command, folder.path()).unwrap();
        let answers = async || TcpStream::connect(address).await.is_ok();
        process.until(answers).await.unwrap();
        Secured {
            address: address.to_string(),
            folder,
            _process: process,
        }
    }

    fn file(&self, name: &str, text: &str) -> std::path::PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// How to reach it, as whoever stands before the `@`.
    fn settings(&self, who: &str) -> NatsSettings {
        NatsSettings::parse(&format!("nats://{who}{}", self.address)).unwrap()
    }
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

async fn gets_in(settings: &NatsSettings) {
    let bus = Nats::connect(settings, "secured").await;
    bus.map(drop).unwrap();
}

/// It is refused soon, in a line that names the setting.
async fn is_refused(settings: &NatsSettings, setting: &str) {
    let connect = Nats::connect(settings, "secured");
    let connected = tokio::time::timeout(SOON, connect).await;
    let refused = connected.expect("an answer").map(drop).unwrap_err();
    let words = refused.to_string();
    assert!(words.starts_with(&format!("{setting}: ")), "{words}");
    assert!(
        !words.contains('\n') && !words.contains("secret"),
        "{words}"
    );
}

#[tokio::test]
async fn a_token() {
    if !has_servers() {
        return;
    }
    let server = Secured::start(folder(), "authorization { token: secret-token }\n").await;
    gets_in(&server.settings("secret-token@")).await;
    is_refused(&server.settings("secret-other@"), "NATS_URL").await;
    is_refused(&server.settings(""), "NATS_URL").await;
}

#[tokio::test]
async fn a_user_and_a_password() {
    if !has_servers() {
        return;
    }
    let config = "authorization { user: tessera, password: secret-word }\n";
    let server = Secured::start(folder(), config).await;
    gets_in(&server.settings("tessera:secret-word@")).await;
    is_refused(&server.settings("tessera:secret-other@"), "NATS_URL").await;
    is_refused(&server.settings("other:secret-word@"), "NATS_URL").await;
}

#[tokio::test]
async fn an_nkey() {
    if !has_servers() {
        return;
    }
    let (known, stranger) = (KeyPair::new_user(), KeyPair::new_user());
    let config = format!(
        "authorization {{ users: [ {{ nkey: {} }} ] }}\n",
        known.public_key()
    );
    let server = Secured::start(folder(), &config).await;
    let mut settings = server.settings("");
    let seed = format!("{}\n", known.seed().unwrap());
    settings.nkey = Some(server.file("known", &seed));
    gets_in(&settings).await;
    settings.nkey = Some(server.file("stranger", &stranger.seed().unwrap()));
    is_refused(&settings, "NATS_NKEY").await;
    settings.nkey = Some(server.file("garbage", "SUAsecret"));
    is_refused(&settings, "NATS_NKEY").await;
    settings.nkey = Some(server.folder.path().join("nowhere"));
    is_refused(&settings, "NATS_NKEY").await;
}

#[tokio::test]
async fn credentials_of_an_account() {
    if !has_servers() {
        return;
    }
    let operator = Operator::new();
    let server = Secured::start(folder(), &operator.config()).await;
    let mut settings = server.settings("");
    settings.creds = Some(server.file("known", &operator.creds()));
    gets_in(&settings).await;
    settings.creds = Some(server.file("stranger", &Operator::new().creds()));
    is_refused(&settings, "NATS_CREDS").await;
    settings.creds = Some(server.file("garbage", "secret"));
    is_refused(&settings, "NATS_CREDS").await;
}

async fn with_tls(host: &str, authority: &Authority) -> Secured {
    let folder = folder();
    let (certificate, key) = authority.certify(host, folder.path());
    let config = format!(
        "tls {{ cert_file: \"{}\", key_file: \"{}\" }}\n",
        certificate.display(),
        key.display()
    );
    Secured::start(folder, &config).await
}

fn with_ca(server: &Secured, authority: &Authority, folder: &Path) -> NatsSettings {
    let mut settings = NatsSettings::parse(&format!("tls://{}", server.address)).unwrap();
    settings.ca = Some(authority.write(folder, "ca.pem"));
    settings
}

#[tokio::test]
async fn tls() {
    if !has_servers() {
        return;
    }
    let (ours, other, folder) = (Authority::new(), Authority::new(), folder());
    let server = with_tls("127.0.0.1", &ours).await;
    gets_in(&with_ca(&server, &ours, folder.path())).await;
    is_refused(&with_ca(&server, &other, folder.path()), "NATS_CA").await;
    let mut settings = server.settings("");
    is_refused(&settings, "NATS_URL").await;
    settings.ca = Some(folder.path().join("nowhere"));
    is_refused(&settings, "NATS_CA").await;
    let named = with_tls("bus.example.com", &ours).await;
    is_refused(&with_ca(&named, &ours, folder.path()), "NATS_CA").await;
}

#[tokio::test]
async fn a_server_without_tls_where_tls_is_asked_for() {
    if !has_servers() {
        return;
    }
    let (ours, files) = (Authority::new(), folder());
    let server = Secured::start(folder(), "").await;
    is_refused(&with_ca(&server, &ours, files.path()), "NATS_URL").await;
}
