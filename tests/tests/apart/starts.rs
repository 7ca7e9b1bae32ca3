//! Beginnings: a first purchase, and many processes at once on nothing.

use futures_util::future::join_all;
use serde_json::json;
use tessera_apart::process::free_address;
use tessera_apart::services::{self, Instance};
use tessera_tests::apart::{Apart, has_servers};
use tessera_tests::eventually;

use crate::size::times;
use crate::stage::{People, conclude, play, unless_interrupted};
use crate::tally::Tally;

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_goes_through_six_processes() {
    play("purchase", &[], People::Patient, async |stage| {
        stage.traffic.more(8).await;
        // The session ends everywhere, and not only where it was ended.
        let visitor = stage.apart.anyone().sign_up("visitor@example.com").await;
        assert_eq!(visitor.get("/api/orders").await.status, 200);
        let ended = visitor.post("/api/users/signout", json!({})).await;
        assert_eq!(ended.status, 200, "{ended:?}");
        eventually("the session to be over at orders", async || {
            (visitor.get("/api/orders").await.status == 401).then_some(())
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_processes_start_on_an_empty_database_at_once() {
    if !has_servers() {
        return;
    }
    unless_interrupted(async {
        let tally = Tally::default();
        let mut apart = Apart::servers().await;
        services::migrate(&apart.common).await.expect("databases");
        apart.add("auth").await;
        for round in 0..times(1, 5) {
            start_ten(&apart, round).await;
            tally.faults.one();
        }
        conclude(apart, &tally).await;
    })
    .await;
}

async fn start_ten(apart: &Apart, round: usize) {
    // As it was made: without any table.
    let postgres = apart.postgres.as_ref().expect("databases");
    let again = "DROP DATABASE orders WITH (FORCE)";
    postgres.run(again).await.expect("it goes");
    postgres
        .run("CREATE DATABASE orders")
        .await
        .expect("it comes");
    let launched = (10..20).map(|number| {
        let address = free_address().expect("a port");
        Instance::launch(&apart.common, "orders", round * 10 + number, address).expect("it starts")
    });
    let mut launched: Vec<Instance> = launched.collect();
    let ready = join_all(launched.iter_mut().map(Instance::until_ready)).await;
    for outcome in ready {
        outcome.expect("it is ready");
    }
}
