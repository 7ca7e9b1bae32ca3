//! What the log tells who watches for attacks, and what it keeps to itself.
#![cfg(test)]

use std::fs::{self, File};

use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::client::Client;
use tessera_tests::process::Server;

/// As `Client::sign_up` has it.
const PASSWORD: &str = "correct horse";
const WRONG: &str = "a wrong password";

/// What is told under the target for this: the words, the code, and whether an account is named.
fn told(lines: &[Value]) -> Vec<(&str, &str, bool)> {
    let watched = lines
        .iter()
        .filter(|line| line["target"] == "tessera::security");
    watched
        .map(|line| {
            let words = line["message"].as_str().unwrap_or_default();
            let code = line["code"].as_str().unwrap_or_default();
            (words, code, line["user"].is_string())
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_signs_in_and_who_is_kept_out_is_told_and_nothing_personal() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("log");
    let to = File::create(&log).unwrap();
    let settings = [("RUST_LOG", "info")];
    let server = Server::start_saying_to(to.into(), folder.path(), &settings).await;
    let nobody = Client::new(&server.url);

    let person = nobody.sign_up("watched@example.com").await;
    let mine = |password| json!({ "email": "watched@example.com", "password": password });
    nobody.post("/api/users/signin", mine(WRONG)).await;
    nobody.post("/api/users/signin", mine(PASSWORD)).await;
    nobody.post("/api/tickets", json!({})).await;
    let other = nobody.sign_up("other@example.com").await;
    let listing = json!({ "title": "Hamlet", "price": "120.00" });
    let ticket = other.post("/api/tickets", listing).await.text("id");
    person.delete(&format!("/api/tickets/{ticket}")).await;
    let changed = json!({ "current": PASSWORD, "new": "another long password" });
    person.post("/api/users/password", changed).await;
    person.post("/api/users/signout", json!({})).await;
    let mine = json!({ "password": PASSWORD });
    other
        .send(Method::DELETE, "/api/users/me", Some(mine), None)
        .await;
    assert!(server.terminate().await.success());

    let said = fs::read_to_string(&log).unwrap();
    let lines = said.lines().filter(|line| line.starts_with('{'));
    let lines: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let expected = [
        ("signed up", "", true),
        ("refused", "invalid_credentials", false),
        ("signed in", "", true),
        ("refused", "not_signed_in", false),
        ("signed up", "", true),
        ("refused", "not_your_ticket", true),
        ("changed the password", "", true),
        ("signed out", "", true),
        ("deleted the account", "", true),
    ];
    assert_eq!(told(&lines), expected, "{said}");
    let all = lines.iter().map(Value::to_string).collect::<String>();
    for personal in ["@example.com", PASSWORD, WRONG, "another long password"] {
        assert!(!all.contains(personal), "{personal} was logged: {said}");
    }
}
