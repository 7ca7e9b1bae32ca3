//! The distributed form: a process for each service over PostgreSQL and NATS, and what may befall them.
#![cfg(test)]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use futures_util::future::join_all;
use serde_json::{Value, json};
use tessera_apart::process::free_address;
use tessera_apart::services::{self, Instance};
use tessera_tests::apart::{Apart, has_servers};
use tessera_tests::client::Client;
use tessera_tests::{eventually, pause};

/// Buyers who reserve at the same time.
const BUYERS: usize = 8;

/// How often a request is sent again, some ten milliseconds apart.
const TRIES: usize = 3_000;

/// People who list and reserve tickets, one after another, until told to stop.
struct Traffic {
    stop: Arc<AtomicBool>,
    asked: Arc<AtomicUsize>,
    people: Vec<tokio::task::JoinHandle<Vec<String>>>,
    buyers: Vec<Client>,
}

impl Traffic {
    async fn start(apart: &Apart) -> Traffic {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::new(AtomicUsize::new(0));
        let seller = apart.anyone().sign_up("seller@example.com").await;
        let mut people = Vec::new();
        let mut buyers = Vec::new();
        for number in 0..BUYERS {
            let buyer = apart.anyone();
            let buyer = buyer.sign_up(&format!("buyer{number}@example.com")).await;
            buyers.push(buyer.clone());
            let (seller, stop, asked) = (seller.clone(), stop.clone(), asked.clone());
            people.push(tokio::spawn(async move {
                let mut orders = Vec::new();
                while !stop.load(Ordering::Relaxed) {
                    orders.push(buy(&seller, &buyer).await);
                    asked.fetch_add(1, Ordering::Relaxed);
                }
                orders
            }));
        }
        Traffic {
            stop,
            asked,
            people,
            buyers,
        }
    }

    /// Waits until so many more purchases were begun.
    async fn more(&self, count: usize) {
        let goal = self.asked.load(Ordering::Relaxed) + count;
        eventually("more purchases", async || {
            (self.asked.load(Ordering::Relaxed) >= goal).then_some(())
        })
        .await;
    }

    /// Ends it; every order must get its lock, and stand in its buyer's list.
    async fn stop(self) -> usize {
        self.stop.store(true, Ordering::Relaxed);
        let mut count = 0;
        for (person, buyer) in self.people.into_iter().zip(self.buyers) {
            for order in person.await.expect("no request failed") {
                count += 1;
                eventually("the order's lock", async || {
                    let shown = buyer.get(&format!("/api/orders/{order}")).await;
                    (shown.body["status"] == "awaiting:payment").then_some(())
                })
                .await;
            }
        }
        count
    }
}

/// Lists a ticket and reserves it; answers the order. A request whose answer never came is sent again under its
/// key, as any client would.
async fn buy(seller: &Client, buyer: &Client) -> String {
    let wish = json!({ "title": "Hamlet", "price": "120.00" });
    let ticket = made(seller, "/api/tickets", &wish).await;
    let wish = json!({ "ticketId": ticket });
    made(buyer, "/api/orders", &wish).await
}

async fn made(client: &Client, path: &str, wish: &Value) -> String {
    #[expect(clippy::disallowed_methods, reason = "a client draws its keys")]
    let new_key = || uuid::Uuid::from_u128(rand::random()).to_string();
    let mut key = new_key();
    for _try in 0..TRIES {
        let post = reqwest::Method::POST;
        let answer = client
            .send(post, path, Some(wish.clone()), Some(&key))
            .await;
        match answer {
            Some(answer) if answer.status == 201 => return answer.text("id"),
            // The news of the ticket is still under way; that answer is kept under the key.
            Some(answer) if answer.status == 404 => key = new_key(),
            // Nobody is there, or too busy.
            Some(answer) if matches!(answer.status, 502 | 503) => {}
            None => {}
            Some(answer) => panic!("{path}: {answer:?}"),
        }
        pause(10).await;
    }
    panic!("{path} was not answered");
}

async fn sound(apart: &Apart) {
    let check = apart.run(&["check"]).await;
    let said = String::from_utf8_lossy(&check.stdout).into_owned();
    let errors = String::from_utf8_lossy(&check.stderr).into_owned();
    assert!(check.status.success(), "{said}{errors}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_purchase_goes_through_six_processes() {
    if !has_servers() {
        return;
    }
    let apart = Apart::start(&[]).await;
    let seller = apart.anyone().sign_up("seller@example.com").await;
    let buyer = apart.anyone().sign_up("buyer@example.com").await;
    let order = buy(&seller, &buyer).await;
    let wish = json!({ "orderId": order, "token": "tok_visa" });
    let paid = buyer.post("/api/payments", wish).await;
    assert_eq!(paid.status, 201, "{paid:?}");
    eventually("the money to be captured", async || {
        let path = format!("/api/payments/{}", paid.text("id"));
        let shown = buyer.get(&path).await;
        (shown.text("status") == "captured").then_some(())
    })
    .await;
    // The session ends everywhere, and not only where it was ended.
    let ended = buyer.post("/api/users/signout", json!({})).await;
    assert_eq!(ended.status, 200, "{ended:?}");
    eventually("the session to be over at orders", async || {
        (buyer.get("/api/orders").await.status == 401).then_some(())
    })
    .await;
    sound(&apart).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_broker_is_down_people_go_on_and_afterwards_all_is_told() {
    if !has_servers() {
        return;
    }
    let mut apart = Apart::start(&[]).await;
    let traffic = Traffic::start(&apart).await;
    traffic.more(20).await;
    let nats = apart.nats.take().expect("a broker");
    let down = nats.kill().await.expect("it is killed");
    // Listings go on; a reservation of what orders has not heard of yet is refused, and asked for again.
    pause(3_000).await;
    apart.nats = Some(down.start().await.expect("it comes back"));
    traffic.more(50).await;
    assert!(traffic.stop().await >= 70);
    sound(&apart).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_lost_its_store_is_filled_again_by_itself() {
    if !has_servers() {
        return;
    }
    let mut apart = Apart::start(&[]).await;
    let traffic = Traffic::start(&apart).await;
    traffic.more(50).await;
    let nats = apart.nats.take().expect("a broker");
    let store = nats.store();
    let down = nats.kill().await.expect("it is killed");
    std::fs::remove_dir_all(store).expect("its store goes");
    apart.nats = Some(down.start().await.expect("it comes back"));
    traffic.more(50).await;
    assert!(traffic.stop().await >= 100);
    sound(&apart).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_processes_of_orders_one_may_be_killed_again_and_again() {
    if !has_servers() {
        return;
    }
    let mut apart = Apart::start(&["orders"]).await;
    let traffic = Traffic::start(&apart).await;
    for _kill in 0..4 {
        traffic.more(10).await;
        let killed = apart.take("orders");
        killed.process.kill().await.expect("it is killed");
        apart.add("orders").await;
    }
    traffic.more(10).await;
    assert!(traffic.stop().await >= 50);
    sound(&apart).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn databases_that_crash_under_load_lose_nothing() {
    if !has_servers() {
        return;
    }
    let mut apart = Apart::start(&[]).await;
    let traffic = Traffic::start(&apart).await;
    for _crash in 0..3 {
        traffic.more(20).await;
        let postgres = apart.postgres.take().expect("databases");
        apart.postgres = Some(postgres.crash().await.expect("they come back"));
    }
    traffic.more(20).await;
    assert!(traffic.stop().await >= 80);
    sound(&apart).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_processes_start_on_an_empty_database_at_once() {
    if !has_servers() {
        return;
    }
    let mut apart = Apart::servers().await;
    services::migrate(&apart.common).await.expect("databases");
    apart.add("auth").await;
    // As it was made: without any table.
    let postgres = apart.postgres.as_ref().expect("databases");
    postgres.run("DROP DATABASE orders").await.expect("it goes");
    postgres
        .run("CREATE DATABASE orders")
        .await
        .expect("it comes");
    let launched = (10..20).map(|number| {
        let address = free_address().expect("a port");
        Instance::launch(&apart.common, "orders", number, address).expect("it starts")
    });
    let mut launched: Vec<Instance> = launched.collect();
    let ready = join_all(launched.iter_mut().map(Instance::until_ready)).await;
    for outcome in ready {
        outcome.expect("it is ready");
    }
}
