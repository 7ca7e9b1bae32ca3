//! `GET /metrics`: what an operator sees of a running server.
#![cfg(test)]

use serde_json::json;
use tessera_tests::client::Client;
use tessera_tests::eventually;
use tessera_tests::process::Server;

/// What is measured, and where it can be seen once somebody has signed up and listed a ticket.
const MEASURED: [&str; 8] = [
    "tessera_http_request_seconds_count{service=\"tickets\"",
    "tessera_outbox_age_seconds{service=\"tickets\"}",
    "tessera_consumer_lag_seconds_count{service=\"orders\"}",
    "tessera_events_consumed_total{service=\"orders\",type=\"ticket:created\",outcome=\"done\"} 1",
    "tessera_event_handling_seconds_count{service=\"orders\",type=\"ticket:created\"} 1",
    "tessera_inbox_dead_letters{service=\"orders\"} 0",
    "tessera_db_writer_batch_size_count{service=\"tickets\"}",
    "tessera_web_live_pages{service=\"web\"} 0",
];

#[tokio::test]
async fn everything_that_is_measured_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    // What is made too early measures nothing, and whether it was is a matter of chance.
    for _start in 0..3 {
        let server = Server::start(folder.path(), &[]).await;
        let seller = Client::new(&server.url);
        let email = format!("seller-{}@example.com", server.pid());
        let seller = seller.sign_up(&email).await;
        let listed = seller
            .post("/api/tickets", json!({ "title": "Hamlet", "price": "20" }))
            .await;
        assert_eq!(listed.status, 201, "{listed:?}");
        eventually("all of it to be shown", async || {
            let shown = reqwest::get(format!("{}/metrics", server.url)).await.ok()?;
            let text = shown.text().await.ok()?;
            let is_shown = |name: &&str| text.lines().any(|line| line.starts_with(name));
            MEASURED.iter().all(is_shown).then_some(())
        })
        .await;
        assert!(server.terminate().await.success());
    }
}
