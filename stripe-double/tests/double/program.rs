//! The double as a program.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

const PROGRAM: &str = env!("CARGO_BIN_EXE_stripe-double");

/// Starts it, and answers where it listens.
fn start(arguments: &[&str]) -> (Child, String) {
    let mut command = Command::new(PROGRAM);
    command
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut child = command.spawn().expect("it starts");
    let mut line = String::new();
    let out = child.stdout.take().expect("its output");
    BufReader::new(out).read_line(&mut line).expect("a line");
    let url = line
        .trim()
        .strip_prefix("listening on ")
        .expect("an address")
        .to_owned();
    (child, url)
}

#[test]
fn it_says_where_it_listens_and_ends_when_it_is_told_to() {
    let (mut child, url) = start(&[]);
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let pid = child.id().to_string();
    let told = Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .expect("kill");
    assert!(told.success());
    assert!(child.wait().expect("it ends").success());
}

#[test]
fn it_ends_with_its_standard_input_where_that_is_wanted() {
    let (mut child, _) = start(&["--until-stdin-closes"]);
    drop(child.stdin.take());
    assert!(child.wait().expect("it ends").success());
}

#[tokio::test]
async fn it_takes_the_keys_that_it_is_given() {
    let (mut child, url) = start(&["--secret-key", "sk_test_mine"]);
    let ask = async |key: &str| {
        let request = reqwest::Client::new()
            .get(format!("{url}/v1/events"))
            .bearer_auth(key);
        request.send().await.expect("an answer").status().as_u16()
    };
    assert_eq!(
        (ask("sk_test_mine").await, ask("sk_test_double").await),
        (200, 401)
    );
    child.kill().expect("it ends");
    child.wait().expect("it ends");
}

#[test]
fn it_listens_on_loopback_alone() {
    let outcome = Command::new(PROGRAM)
        .args(["--listen", "0.0.0.0:0"])
        .output()
        .expect("it starts");
    assert!(!outcome.status.success());
    assert!(String::from_utf8_lossy(&outcome.stderr).contains("loopback"));
}
