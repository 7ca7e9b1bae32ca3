//! `tessera serve`: how it starts, what it shows, what it refuses, and how it ends.
#![cfg(test)]

use std::io::Read;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;

use serde_json::json;
use tessera_tests::client::Client;
use tessera_tests::eventually;
use tessera_tests::process::{Server, command, free_address, run, said};

/// The one line in which the program refuses to start, and its exit code.
fn refused(data: &Path, settings: &[(&str, &str)], arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = command(data, arguments);
    // Nobody listens there, and nothing is left running if the start is not refused.
    command.env("LISTEN", free_address());
    command.envs(settings.iter().copied());
    let output = command.output().unwrap();
    let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    assert_eq!(words.lines().count(), 1, "{}", said(&output));
    (words, output.status.code())
}

#[test]
fn a_wrong_setting_stops_the_start_with_one_line_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = [
        ("LOCK_SECONDS", "soon"),
        ("PUBLIC_URL", "tickets.example.com"),
        ("RATE_LIMITS", "yes"),
        ("JWT_KEY", "secret"),
        ("TRUSTED_PROXIES", "everybody"),
        ("RUST_LOG", "tessera=loud"),
        ("NATS_URL", "nats://bus.example.com"),
    ];
    for (setting, value) in wrong {
        let (words, code) = refused(folder.path(), &[(setting, value)], &["serve"]);
        assert!(words.contains(setting), "{setting}: {words}");
        assert_eq!(code, Some(2), "{setting}: {words}");
    }
    let (words, _) = refused(folder.path(), &[], &["serve", "--lock-seconds", "0"]);
    assert!(words.contains("LOCK_SECONDS"), "{words}");
}

#[test]
fn a_service_alone_needs_a_bus_and_a_name_that_exists() {
    let folder = tempfile::tempdir().unwrap();
    let (words, code) = refused(folder.path(), &[], &["serve", "tickets"]);
    assert!(words.contains("NATS_URL"), "{words}");
    assert_eq!(code, Some(2));
    let (words, _) = refused(folder.path(), &[], &["serve", "ticket"]);
    for name in ["\"ticket\"", "tickets", "web"] {
        assert!(words.contains(name), "{words}");
    }
}

#[test]
fn an_address_that_is_taken_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let (words, code) = refused(folder.path(), &[("LISTEN", &address)], &["serve"]);
    assert!(
        words.contains("LISTEN") && words.contains(&address),
        "{words}"
    );
    assert_eq!(code, Some(1));
}

#[tokio::test]
async fn a_second_server_is_kept_out_of_the_data_of_the_first() {
    let folder = tempfile::tempdir().unwrap();
    let _server = Server::start(folder.path(), &[]).await;
    for name in ["serve", "migrate"] {
        let (words, code) = refused(folder.path(), &[], &[name]);
        assert!(words.contains("DATA_DIR"), "{name}: {words}");
        assert_eq!(code, Some(1), "{name}: {words}");
    }
}

#[tokio::test]
async fn it_says_where_it_serves_and_that_no_money_moves_and_ends_in_good_order() {
    let folder = tempfile::tempdir().unwrap();
    let address = free_address();
    let mut command = command(folder.path(), &[]);
    command.env("LISTEN", &address).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let client = Client::new(&format!("http://{address}"));
    eventually("the server to be ready", async || {
        let answer = client.try_get("/readyz").await?;
        (answer.status == 200).then_some(())
    })
    .await;
    let end = std::process::Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    assert!(end.unwrap().success());
    let status = eventually("the server to end", async || child.try_wait().unwrap()).await;
    let mut told = String::new();
    child
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut told)
        .unwrap();
    assert!(status.success(), "{status}: {told}");
    assert!(told.contains(&format!("http://{address}")), "{told}");
    assert!(told.contains("test gateway"), "{told}");
    // Nothing of it listens any more, and its data can be used by the next one.
    assert!(TcpStream::connect(&address).is_err());
    let migrated = run(folder.path(), &["migrate"]);
    assert!(migrated.status.success(), "{}", said(&migrated));
}

#[tokio::test]
async fn a_request_that_runs_when_it_is_told_to_end_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let client = Client::new(&server.url);
    // Hashing the passwords takes long enough for the signal to come in between.
    let asked: Vec<_> = (0..8)
        .map(|number| {
            let client = client.clone();
            tokio::spawn(async move {
                let email = format!("somebody-{number}@example.com");
                let body = json!({ "email": email, "password": "correct horse" });
                client.post("/api/users/signup", body).await.status
            })
        })
        .collect();
    eventually("the first of them to be there", async || {
        let answer = client.try_get("/metrics").await?;
        (answer.status == 200).then_some(())
    })
    .await;
    tessera_tests::pause(50).await;
    assert!(server.terminate().await.success());
    for one in asked {
        assert_eq!(one.await.unwrap(), 201);
    }
}

#[tokio::test]
async fn its_pages_need_nothing_from_elsewhere() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let text = async |path: &str| {
        let answer = reqwest::get(format!("{}{path}", server.url)).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    };
    assert!(text("/").await.contains("test gateway"));
    let reference: serde_json::Value =
        serde_json::from_str(&text("/api/openapi.json").await).unwrap();
    assert!(reference["paths"]["/api/tickets"]["post"].is_object());
    let docs = text("/docs/").await;
    for attribute in ["src=\"", "href=\""] {
        for link in docs.split(attribute).skip(1) {
            assert!(
                !link.starts_with("http") && !link.starts_with("//"),
                "{link}"
            );
        }
    }
    assert!(docs.contains("swagger-ui"));
}
