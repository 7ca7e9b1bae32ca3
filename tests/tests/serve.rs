//! `tessera serve`: how it starts, what it shows, what it refuses, and how it ends.
#![cfg(test)]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

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
        ("LISTEN", "here"),
        ("PUBLIC_URL", "tickets.example.com"),
        ("TRUSTED_PROXIES", "everybody"),
        ("JWT_KEY", "secret"),
        ("LOCK_SECONDS", "soon"),
        ("PAYMENT_ATTEMPTS", "0"),
        ("MAX_LIVE_ORDERS", "-1"),
        ("RATE_LIMITS", "yes"),
        ("RUST_LOG", "tessera=loud"),
        ("DATABASE_URL", "mysql://db.example.com"),
        ("NATS_URL", "http://bus.example.com"),
        ("STRIPE_KEY", "pk_test_1"),
        ("STRIPE_WEBHOOK_SECRET", "whsec_1"),
        ("STRIPE_PUBLISHABLE_KEY", "sk_test_1"),
        ("BUYER_FEE_BPS", "2.5"),
        ("SELLER_FEE_BPS", "-1"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "otel-collector:4318"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "grpc://otel-collector:4317"),
    ];
    for (setting, value) in wrong {
        let (words, code) = refused(folder.path(), &[(setting, value)], &["serve"]);
        assert!(words.contains(setting), "{setting}: {words}");
        assert_eq!(code, Some(2), "{setting}: {words}");
    }
    let form = [("STRIPE_PUBLISHABLE_KEY", "pk_test_1")];
    let (words, code) = refused(folder.path(), &form, &["serve"]);
    assert!(words.contains("without STRIPE_KEY"), "{words}");
    assert_eq!(code, Some(2));
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
    let address = server.url.trim_start_matches("http://").to_owned();
    let body = json!({ "email": "ada@example.com", "password": "correct horse" }).to_string();
    let (first_half, second_half) = body.split_at(body.len() / 2);

    let mut client = TcpStream::connect(&address).unwrap();
    client
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let head = format!(
        "POST /api/users/signup HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    );
    client.write_all(head.as_bytes()).unwrap();
    // The server says this when somebody begins to read the body: from here on the request runs.
    let mut go_on = [0; "HTTP/1.1 100 Continue\r\n\r\n".len()];
    client.read_exact(&mut go_on).unwrap();
    assert!(go_on.starts_with(b"HTTP/1.1 100 "), "{go_on:?}");
    client.write_all(first_half.as_bytes()).unwrap();

    server.ask_to_end();
    eventually("the server to take no more connections", async || {
        TcpStream::connect(&address).err()
    })
    .await;
    client.write_all(second_half.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
    assert!(server.ended().await.success());
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
    let script = format!("{}/docs/swagger-ui-bundle.js", server.url);
    let packed = reqwest::Client::new().get(&script);
    let packed = packed.header("accept-encoding", "gzip").send().await;
    let packed = packed.unwrap();
    assert_eq!(packed.headers()["content-encoding"], "gzip");
    let packed = packed.bytes().await.unwrap();
    assert!(packed.len() * 2 < text("/docs/swagger-ui-bundle.js").await.len());
}
