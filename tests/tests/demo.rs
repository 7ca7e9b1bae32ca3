//! `tessera demo`, as somebody who has just got the program runs it.

#![cfg(test)]

use std::net::TcpListener;
use std::path::Path;

use tessera_tests::process::{Server, command, free_address, run, said};

/// What a demo with these arguments prints; it must succeed.
fn demo(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, &[&["demo"], arguments].concat());
    assert!(output.status.success(), "{}", said(&output));
    String::from_utf8(output.stdout).expect("text")
}

/// The text holds all of these, in this order.
fn holds(text: &str, parts: &[&str]) {
    let mut rest = text;
    for part in parts {
        let found = rest.split_once(part);
        rest = found.unwrap_or_else(|| panic!("no {part:?} in\n{text}")).1;
    }
}

/// A purchase that ends well, and a reservation that ends by itself, with the events of both.
fn tells_the_whole_story(text: &str) {
    holds(
        text,
        &[
            "POST /api/tickets → 201 Created",
            "GET /api/tickets?q=",
            "POST /api/orders → 201 Created",
            "awaiting:payment",
            "POST /api/orders → 409 Conflict",
            "POST /api/payments → 402 Payment Required",
            "2 attempts left",
            "POST /api/payments → 201 Created",
            "complete",
            "captured, once",
            "Receipt",
            "POST /api/orders → 201 Created",
            "POST /api/orders → 409 Conflict",
            "1 s left",
            "cancelled",
            "The reason is \"expired\"",
            "The ticket is free again",
        ],
    );
}

fn shows_the_events(text: &str) {
    holds(
        text,
        &[
            "ticket:created",
            "order:created",
            "ticket:updated",
            "order:updated",
            "payment:created",
            "order:completed",
            "payment:captured",
            "order:created",
            "expiration:complete",
            "order:cancelled",
            "ticket:updated",
        ],
    );
}

#[test]
fn fills_an_empty_folder_and_can_be_run_again() {
    let data = tempfile::tempdir().expect("a folder");
    let address = free_address();
    let arguments = ["--listings", "12", "--listen", &address];
    let first = demo(data.path(), &arguments);
    holds(
        &first,
        &[
            "No server answers",
            "It is empty.",
            "12 of 12 times",
            "Done",
            "tessera serve --data-dir",
        ],
    );
    tells_the_whole_story(&first);
    shows_the_events(&first);

    let second = demo(data.path(), &arguments);
    holds(
        &second,
        &[
            "It has 12 listings for sale already",
            "seller@example.com is taken",
        ],
    );
    assert!(!second.contains("12 of 12 times"), "{second}");
    tells_the_whole_story(&second);
    shows_the_events(&second);

    let check = run(data.path(), &["check"]);
    assert!(check.status.success(), "{}", said(&check));
}

#[tokio::test]
async fn uses_the_server_that_is_there() {
    let [data, elsewhere] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let server = Server::start(data.path(), &[]).await;
    let arguments = ["--listings", "3", "--public-url", &server.url];
    let text = demo(elsewhere.path(), &arguments);
    holds(&text, &["A server answers at", "3 of 3 times"]);
    tells_the_whole_story(&text);
    // Its own folder holds none of the server's databases.
    holds(&text, &["`tessera events tail`", "Look around at"]);
    assert!(!text.contains("tessera serve"), "{text}");
    assert!(server.terminate().await.success());
}

#[test]
fn says_which_setting_stands_in_its_way() {
    let data = tempfile::tempdir().expect("a folder");
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    // Whoever listens there hangs up on everybody.
    std::thread::spawn(move || listener.incoming().for_each(drop));
    let output = command(data.path(), &["demo", "--listen", &address]).output();
    let output = output.expect("the program runs");
    assert_eq!(output.status.code(), Some(1), "{}", said(&output));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(
        complaint.contains(&format!("LISTEN: {address} is taken")),
        "{complaint}"
    );
}
