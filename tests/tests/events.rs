//! `tessera events`: what an operator sees of the events, and what comes of publishing them again.
#![cfg(test)]

use std::path::Path;
use std::process::Output;

use rusqlite::Connection;
use serde_json::json;
use tessera_tests::client::Client;
use tessera_tests::process::{Server, run, said};
use tessera_tests::{eventually, pause};

fn lines(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// A marketplace in which one ticket was bought.
async fn after_a_purchase(data: &Path) -> Server {
    let server = Server::start(data, &[]).await;
    let anyone = Client::new(&server.url);
    let seller = anyone.sign_up("seller@example.com").await;
    let buyer = anyone.sign_up("buyer@example.com").await;
    let listed = seller
        .post("/api/tickets", json!({ "title": "Hamlet", "price": "20" }))
        .await;
    let reserved = eventually("orders to hear of the ticket", async || {
        let answer = buyer
            .post("/api/orders", json!({ "ticketId": listed.text("id") }))
            .await;
        (answer.status == 201).then_some(answer)
    });
    let body = json!({ "orderId": reserved.await.text("id"), "token": "tok_visa" });
    let paid = buyer.post("/api/payments", body).await;
    eventually("the money to be captured", async || {
        let shown = buyer
            .get(&format!("/api/payments/{}", paid.text("id")))
            .await;
        (shown.text("status") == "captured").then_some(())
    })
    .await;
    eventually("the ticket to be sold", async || {
        let shown = anyone
            .get(&format!("/api/tickets/{}", listed.text("id")))
            .await;
        (shown.text("status") == "sold").then_some(())
    })
    .await;
    server
}

#[tokio::test]
async fn tail_shows_what_was_published_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let _server = after_a_purchase(folder.path()).await;
    let all = lines(&run(folder.path(), &["events", "tail", "-n", "100"]));
    let types: Vec<&str> = all
        .iter()
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    let story = [
        "user:registered",
        "user:registered",
        "ticket:created",
        "order:created",
        "ticket:updated",
        "order:updated",
        "payment:created",
        "order:completed",
    ];
    assert_eq!(types[..8], story);
    let orders = lines(&run(
        folder.path(),
        &["events", "tail", "--service", "orders"],
    ));
    assert_eq!(orders.len(), 3);
    let one = lines(&run(
        folder.path(),
        &["events", "tail", "--type", "payment:captured", "--json"],
    ));
    let event: serde_json::Value = serde_json::from_str(&one[0]).unwrap();
    assert_eq!((one.len(), &event["data"]["amount"]), (1, &json!("20.00")));

    let unknown = run(folder.path(), &["events", "tail", "--service", "cinema"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", said(&unknown));
}

#[tokio::test]
async fn a_replay_reaches_everyone_again_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let server = after_a_purchase(folder.path()).await;
    let outbox = |sql: &str| -> i64 {
        let orders = Connection::open(folder.path().join("orders.db")).unwrap();
        orders.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let before = lines(&run(
        folder.path(),
        &["events", "tail", "-n", "1000", "--json"],
    ));
    let replayed = lines(&run(folder.path(), &["events", "replay"]));
    assert!(
        replayed
            .iter()
            .any(|line| line.starts_with("orders: 3 events")),
        "{replayed:?}"
    );
    eventually("everything to be published again", async || {
        (outbox("SELECT count(*) FROM outbox WHERE published_at IS NULL") == 0).then_some(())
    })
    .await;
    pause(50).await;
    assert_eq!(
        before,
        lines(&run(
            folder.path(),
            &["events", "tail", "-n", "1000", "--json"]
        ))
    );
    assert!(server.terminate().await.success());
    let check = run(folder.path(), &["check"]);
    assert!(check.status.success(), "{}", said(&check));
}

#[tokio::test]
async fn a_dead_event_is_listed_and_revived() {
    let folder = tempfile::tempdir().unwrap();
    let server = after_a_purchase(folder.path()).await;
    assert_eq!(
        lines(&run(folder.path(), &["events", "dead"])),
        ["No dead events."]
    );
    let orders = Connection::open(folder.path().join("orders.db")).unwrap();
    orders
        .busy_timeout(std::time::Duration::from_secs(5))
        .unwrap();
    let killed =
        "UPDATE inbox SET state = 'dead', attempts = 12, error = 'a fault that is mended by now',
        payload = (SELECT payload FROM outbox WHERE type = 'order:created')
        WHERE event_id = (SELECT event_id FROM inbox LIMIT 1)";
    assert_eq!(orders.execute(killed, []).unwrap(), 1);
    let dead = lines(&run(folder.path(), &["events", "dead"]));
    assert!(
        dead[0].starts_with("orders ") && dead[0].contains("a fault that is mended"),
        "{dead:?}"
    );
    let revived = lines(&run(folder.path(), &["events", "retry"]));
    assert!(revived[0].ends_with("will be tried again"), "{revived:?}");
    eventually("the event to be handled", async || {
        let dead = lines(&run(folder.path(), &["events", "dead"]));
        (dead == ["No dead events."]).then_some(())
    })
    .await;
    let missing = run(
        folder.path(),
        &["events", "retry", "0198c0de-7a11-7000-8000-000000000001"],
    );
    assert_eq!(missing.status.code(), Some(1), "{}", said(&missing));
    drop(server);
}

#[test]
fn without_databases_the_folder_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let output = run(folder.path(), &["events", "tail"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stderr).contains("DATA_DIR"),
        "{}",
        said(&output)
    );
}
