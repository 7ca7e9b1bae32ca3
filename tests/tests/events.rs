//! `tessera events`: what an operator sees of the events, and what comes of publishing them again.
#![cfg(test)]

use std::path::Path;
use std::process::Output;

use rusqlite::Connection;
use serde_json::json;
use tessera_tests::client::Client;
use tessera_tests::eventually;
use tessera_tests::process::{Server, run, said};

fn lines(output: &Output) -> Vec<String> {
    assert!(output.status.success(), "{}", said(output));
    String::from_utf8_lossy(&output.stdout)
        .lines()
        .map(str::to_owned)
        .collect()
}

/// A marketplace with a seller and a buyer.
struct Scene {
    server: Server,
    seller: Client,
    buyer: Client,
}

impl Scene {
    /// In which one ticket was bought.
    async fn after_a_purchase(data: &Path) -> Scene {
        let server = Server::start(data, &[]).await;
        let anyone = Client::new(&server.url);
        let scene = Scene {
            seller: anyone.sign_up("seller@example.com").await,
            buyer: anyone.sign_up("buyer@example.com").await,
            server,
        };
        scene.purchase().await;
        scene
    }

    /// Lists a ticket and buys it; returns when it is sold and the money captured.
    async fn purchase(&self) {
        let listing = json!({ "title": "Hamlet", "price": "20" });
        let listed = self.seller.post("/api/tickets", listing).await;
        let body = json!({ "ticketId": listed.text("id") });
        let reserved = self.buyer.post("/api/orders", body).await;
        let body = json!({ "orderId": reserved.text("id"), "token": "tok_visa" });
        let paid = self.buyer.post("/api/payments", body).await;
        for (path, status) in [
            (format!("/api/payments/{}", paid.text("id")), "captured"),
            (format!("/api/tickets/{}", listed.text("id")), "sold"),
        ] {
            eventually(status, async || {
                let shown = self.buyer.get(&path).await;
                (shown.text("status") == status).then_some(())
            })
            .await;
        }
    }
}

/// The names of the events that one purchase makes.
const PURCHASE: [&str; 8] = [
    "ticket:created",
    "order:created",
    "ticket:updated",
    "order:updated",
    "payment:created",
    "order:completed",
    "payment:captured",
    "ticket:updated",
];

#[tokio::test]
async fn tail_shows_what_was_published_in_its_order() {
    let folder = tempfile::tempdir().unwrap();
    let _scene = Scene::after_a_purchase(folder.path()).await;
    let all = lines(&run(folder.path(), &["events", "tail", "-n", "100"]));
    let names: Vec<&str> = all
        .iter()
        .map(|line| line.split_whitespace().nth(1).unwrap())
        .collect();
    assert_eq!(names[..2], ["user:registered"; 2]);
    // What follows the end of the order comes in any order.
    assert_eq!(names[2..8], PURCHASE[..6]);
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
    let scene = Scene::after_a_purchase(folder.path()).await;
    let tail = || {
        let tail = ["events", "tail", "-n", "1000", "--json"];
        lines(&run(folder.path(), &tail))
    };
    let before = tail();
    let replayed = lines(&run(folder.path(), &["events", "replay"]));
    assert!(
        replayed
            .iter()
            .any(|line| line.starts_with("orders: 3 events")),
        "{replayed:?}"
    );
    for service in ["auth", "tickets", "orders", "payments", "expiration"] {
        let path = folder.path().join(format!("{service}.db"));
        let outbox = Connection::open(path).unwrap();
        let unpublished = "SELECT count(*) FROM outbox WHERE published_at IS NULL";
        eventually("everything to be published again", async || {
            let count: i64 = outbox.query_row(unpublished, [], |row| row.get(0)).unwrap();
            (count == 0).then_some(())
        })
        .await;
    }
    // Whatever came of the replay stands in the same queues before what comes of another purchase.
    scene.purchase().await;
    let after = tail();
    assert_eq!(before, after[..before.len()]);
    let name = |line: &String| {
        let event: serde_json::Value = serde_json::from_str(line).unwrap();
        event["type"].as_str().unwrap().to_owned()
    };
    let mut new: Vec<String> = after[before.len()..].iter().map(name).collect();
    let mut purchase = PURCHASE;
    new.sort_unstable();
    purchase.sort_unstable();
    assert_eq!(new, purchase);
    assert!(scene.server.terminate().await.success());
    let check = run(folder.path(), &["check"]);
    assert!(check.status.success(), "{}", said(&check));
}

#[tokio::test]
async fn a_dead_event_is_listed_and_revived() {
    let folder = tempfile::tempdir().unwrap();
    let _scene = Scene::after_a_purchase(folder.path()).await;
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
