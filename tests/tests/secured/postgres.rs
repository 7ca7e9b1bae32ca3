//! The databases: TLS, passwords, and a role that may touch nothing but its own.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::path::Path;
use std::process::Output;

use serde_json::json;
use tempfile::TempDir;
use tessera_apart::postgres::Postgres;
use tessera_platform::testing::NatsServer;
use tessera_tests::apart::has_servers;
use tessera_tests::client::Client;
use tessera_tests::process::{self, Server, said};

use crate::certificates::Authority;

/// A server of the test's own.
struct Secured {
    folder: TempDir,
    postgres: Postgres,
}

impl Secured {
    async fn start() -> Secured {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let postgres = Postgres::start(&folder.path().join("postgres"), false).await;
        Secured {
            folder,
            postgres: postgres.unwrap(),
        }
    }

    fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("postgres/data")
    }

    /// Lets it speak TLS, with this certificate.
    async fn encrypt(&self, authority: &Authority, host: &str) {
        let (certificate, key) = authority.certify(host, &self.data());
        let owner = fs::metadata(self.data()).unwrap();
        for path in [certificate, key] {
            chown(&path, Some(owner.uid()), Some(owner.gid())).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        }
        self.postgres
            .run("ALTER SYSTEM SET ssl = on")
            .await
            .unwrap();
        self.reload().await;
    }

    /// Says who gets in, and how; its owner always does.
    async fn admit(&self, rule: &str) {
        let rules = format!("host all tessera 127.0.0.1/32 trust\n{rule}\n");
        fs::write(self.data().join("pg_hba.conf"), rules).unwrap();
        self.reload().await;
    }

    async fn reload(&self) {
        self.postgres.run("SELECT pg_reload_conf()").await.unwrap();
        tessera_tests::pause(300).await;
    }

    /// Runs `tessera migrate auth` on it.
    fn migrate(&self, who: &str, host: &str, parameters: &str) -> Output {
        let url = self.url(who, host, parameters);
        let mut command = process::command(self.folder.path(), &["migrate", "auth"]);
        command.env("DATABASE_URL", url).output().unwrap()
    }

    fn url(&self, who: &str, host: &str, parameters: &str) -> String {
        let port = self.postgres.address().port();
        format!("postgres://{who}@{host}:{port}/?{parameters}")
    }
}

fn gets_in(output: &Output) {
    assert!(output.status.success(), "{}", said(output));
}

/// It ends with one line, which names the setting and the reason, and no password.
fn is_refused(output: &Output, reason: &str) {
    let words = said(output);
    assert!(!output.status.success(), "{words}");
    let complaint = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<&str> = complaint
        .lines()
        .filter(|line| line.contains("DATABASE_URL: "))
        .collect();
    assert_eq!(lines.len(), 1, "{words}");
    assert!(words.contains(reason), "{words}");
    assert!(
        !words.contains("panicked") && !words.contains("secret"),
        "{words}"
    );
}

fn verified(authority: &Authority, folder: &Path) -> String {
    let path = authority.write(folder, "ca.pem");
    format!("sslmode=verify-full&sslrootcert={}", path.display())
}

#[tokio::test]
async fn tls() {
    if !has_servers() {
        return;
    }
    let server = Secured::start().await;
    is_refused(
        &server.migrate("tessera", "127.0.0.1", "sslmode=require"),
        "TLS",
    );
    let (ours, other) = (Authority::new(), Authority::new());
    server.encrypt(&ours, "127.0.0.1").await;
    let folder = server.folder.path();
    gets_in(&server.migrate("tessera", "127.0.0.1", &verified(&ours, folder)));
    gets_in(&server.migrate("tessera", "127.0.0.1", "sslmode=require"));
    let elsewhere = server.migrate("tessera", "localhost", &verified(&ours, folder));
    is_refused(&elsewhere, "certificate");
    let wrong = server.migrate("tessera", "127.0.0.1", &verified(&other, folder));
    is_refused(&wrong, "certificate");
    let nowhere = "sslmode=verify-full&sslrootcert=/nowhere/ca.pem";
    is_refused(
        &server.migrate("tessera", "127.0.0.1", nowhere),
        "/nowhere/ca.pem",
    );
    server
        .postgres
        .run("CREATE ROLE guest LOGIN")
        .await
        .unwrap();
    server.admit("hostssl all guest 127.0.0.1/32 trust").await;
    let plain = server.migrate("guest", "127.0.0.1", "sslmode=disable");
    is_refused(&plain, "no encryption");
    // It gets in by itself where TLS is not forbidden; the tables are not its own.
    let prefers = server.migrate("guest", "127.0.0.1", "sslmode=prefer");
    is_refused(&prefers, "permission denied");
}

#[tokio::test]
async fn a_role_with_a_password_and_nothing_but_its_own_database() {
    if !has_servers() {
        return;
    }
    let server = Secured::start().await;
    for sql in [
        "CREATE ROLE auth LOGIN PASSWORD 'secret-word'",
        "CREATE DATABASE auth OWNER auth",
        "REVOKE ALL ON DATABASE postgres FROM PUBLIC",
        "REVOKE ALL ON DATABASE template1 FROM PUBLIC",
    ] {
        server.postgres.run(sql).await.unwrap();
    }
    server
        .admit("host all all 127.0.0.1/32 scram-sha-256")
        .await;
    let (right, wrong) = ("auth:secret-word", "auth:secret-other");
    is_refused(&server.migrate(wrong, "127.0.0.1", ""), "password");
    is_refused(&server.migrate("auth", "127.0.0.1", ""), "password");
    gets_in(&server.migrate(right, "127.0.0.1", ""));
    let url = server.url(right, "127.0.0.1", "");
    let data = server.folder.path().join("data");
    let nats = NatsServer::start().unwrap();
    let nats_url = nats.url();
    let settings = [
        ("DATABASE_URL", url.as_str()),
        ("NATS_URL", nats_url.as_str()),
    ];
    let running = Server::start_some(&data, &["auth"], &settings).await;
    let somebody = Client::new(&running.url);
    let body = json!({ "email": "somebody@example.com", "password": "correct horse" });
    let signed_up = somebody.post("/api/users/signup", body).await;
    assert_eq!(signed_up.status, 201, "{signed_up:?}");
    assert!(running.terminate().await.success());
}
