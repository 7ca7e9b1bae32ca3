//! Beside a running server under load: no false alarm, and no need for quiet.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use tessera::check::{self, Report};
use tessera_platform::clock::Clock;
use tessera_platform::config::Settings;
use tessera_platform::testing::NatsServer;
use tessera_tests::client::Client;
use tessera_tests::pause;
use tessera_tests::process::Server;
use tokio::task::JoinSet;

use super::on_postgres::scene::{Served, or_skip};

const SETTINGS: &[(&str, &str)] = &[("LOCK_SECONDS", "1"), ("MAX_LIVE_ORDERS", "0")];
const BUYERS: usize = 8;
const CHECKS: usize = 10;
const CHECKS_OF_COPIES: usize = 6;

/// Somebody who lists a ticket and leaves it to two buyers, again and again.
async fn trade(seller: Client, buyers: [Client; 2], stop: Arc<AtomicBool>) {
    for round in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let listed = seller
            .post("/api/tickets", json!({ "title": "Hamlet", "price": 10 }))
            .await;
        let ticket = listed.text("id");
        let [one, other] = &buyers;
        tokio::join!(buy(one, &ticket, round), buy(other, &ticket, round + 1));
        let edit = json!({ "title": "Macbeth" });
        seller
            .send(
                reqwest::Method::PUT,
                &format!("/api/tickets/{ticket}"),
                Some(edit),
                None,
            )
            .await;
    }
}

/// Reserves a ticket if it can be had, and pays it, gives it up, does both at once, or neither.
async fn buy(buyer: &Client, ticket: &str, way: usize) {
    let wish = json!({ "ticketId": ticket });
    let mut reserved = buyer.post("/api/orders", wish.clone()).await;
    // Orders has not heard of the ticket yet.
    while reserved.status == 404 {
        pause(5).await;
        reserved = buyer.post("/api/orders", wish.clone()).await;
    }
    if reserved.status != 201 {
        return;
    }
    let order = reserved.text("id");
    let pay = buyer.post(
        "/api/payments",
        json!({ "orderId": order, "token": "tok_visa" }),
    );
    let path = format!("/api/orders/{order}");
    let cancel = buyer.delete(&path);
    match way % 5 {
        0 => drop(cancel.await),
        1 => drop(tokio::join!(pay, async {
            pause(3).await;
            cancel.await
        })),
        2 => {}
        _ => drop(pay.await),
    }
}

async fn checked(settings: &Settings, patience: Duration) -> Report {
    check::run(settings, &Clock::system(), patience)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_marketplace_is_sound_at_every_moment() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = Settings::for_tests();
    settings.data_dir = folder.path().to_owned();
    let server = Server::start(folder.path(), SETTINGS).await;
    is_sound_under_load(server, &settings, CHECKS).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_busy_marketplace_on_postgres_is_sound_at_every_moment() {
    let corner = or_skip!(Served::open().await);
    let folder = tempfile::tempdir().unwrap();
    let mut settings = corner.scene.settings.clone();
    // A stream of its own, if the tests have one: the corner's belongs to the services that hold it open.
    let nats = NatsServer::start();
    settings.nats = nats.as_ref().map(NatsServer::settings);
    let (database, stream) = (corner.url().await, nats.as_ref().map(NatsServer::url));
    let mut apart = [SETTINGS, &[("DATABASE_URL", database.as_str())]].concat();
    apart.extend(stream.as_deref().map(|url| ("NATS_URL", url)));
    let server = Server::start(folder.path(), &apart).await;
    is_sound_under_load(server, &settings, CHECKS_OF_COPIES).await;
}

async fn is_sound_under_load(server: Server, settings: &Settings, checks: usize) {
    let anyone = Client::new(&server.url);
    let mut people = Vec::new();
    for number in 0..BUYERS + 1 {
        people.push(
            anyone
                .sign_up(&format!("person-{number}@example.com"))
                .await,
        );
    }
    let seller = people.pop().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut trades = JoinSet::new();
    for pair in people.chunks(2) {
        let buyers = [pair[0].clone(), pair[1].clone()];
        trades.spawn(trade(seller.clone(), buyers, stop.clone()));
    }
    for round in 0..checks {
        let patience = Duration::from_millis(if round % 2 == 0 { 0 } else { 600 });
        let report = checked(settings, patience).await;
        assert!(report.is_sound(), "{report}");
    }
    stop.store(true, Ordering::Relaxed);
    trades.join_all().await;
    assert!(server.terminate().await.success());
    let report = checked(settings, Duration::ZERO).await;
    assert!(report.is_sound(), "{report}");
}
