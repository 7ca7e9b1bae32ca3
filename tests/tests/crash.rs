//! The real process under load, killed at random moments and started again on its data: nothing
//! that was answered is lost, no invariant is broken, and everything under way reaches an end.
//!
//! `TESSERA_CRASH_ROUNDS` kills it that many times (25), with the choices of `TESSERA_CRASH_SEED`.
#![cfg(test)]

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use reqwest::Method;
use serde_json::{Value, json};
use tessera_tests::client::Client;
use tessera_tests::process::{self, Server};
use tessera_tests::{eventually, pause, setting};

const SETTINGS: &[(&str, &str)] = &[("LOCK_SECONDS", "2"), ("MAX_LIVE_ORDERS", "0")];
const BUYERS: usize = 6;
/// Few, so that buyers meet.
const TICKETS_A_ROUND: usize = 40;

/// What the server said was done, and so must be there after any crash: ids, each with its buyer.
#[derive(Default)]
struct Promised {
    orders: Vec<(usize, String)>,
    /// Orders whose buyer was told that they are cancelled.
    cancelled: Vec<(usize, String)>,
    /// Payments whose card was authorized.
    payments: Vec<(usize, String)>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_or_done_twice_when_the_process_is_killed_at_any_moment() {
    let rounds = setting("TESSERA_CRASH_ROUNDS").unwrap_or(25);
    let seed = setting("TESSERA_CRASH_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("seed {seed}, {rounds} rounds");
    let mut random = StdRng::seed_from_u64(seed);
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path();

    let mut server = Server::start(data, SETTINGS).await;
    let anyone = Client::new(&server.url);
    let seller = anyone.sign_up("seller@example.com").await;
    let mut buyers = Vec::new();
    for buyer in 0..BUYERS {
        buyers.push(anyone.sign_up(&format!("buyer-{buyer}@example.com")).await);
    }
    let mut promised = Promised::default();
    let mut round = 0;
    // A busy machine answers less in the same time: it is killed more often then, until the load was one.
    while round < rounds || (round < 4 * rounds && !promised.is_a_load(rounds)) {
        round += 1;
        let people = People {
            seller: seller.at(&server.url),
            buyers: at(&buyers, &server.url),
        };
        let load = people.load(random.random(), random.random_range(20..700));
        let new = load.run(server).await;
        check(data, round, seed);
        server = Server::start(data, SETTINGS).await;
        new.is_kept(&at(&buyers, &server.url)).await;
        promised.take(new);
    }
    let buyers = at(&buyers, &server.url);
    everything_ends(&buyers).await;
    promised.is_kept(&buyers).await;
    check(data, round, seed);
    let [orders, cancelled, payments] =
        [&promised.orders, &promised.cancelled, &promised.payments].map(Vec::len);
    println!("{orders} orders, {cancelled} cancellations and {payments} payments were answered");
    assert!(promised.is_a_load(rounds), "the load was no load");
}

impl Promised {
    /// Whether so much was promised that its loss would be seen.
    fn is_a_load(&self, rounds: u64) -> bool {
        let rounds = usize::try_from(rounds).unwrap();
        self.payments.len() > rounds && self.cancelled.len() >= rounds / 5
    }
}

fn at(buyers: &[Client], url: &str) -> Vec<Client> {
    buyers.iter().map(|buyer| buyer.at(url)).collect()
}

fn check(data: &Path, round: u64, seed: u64) {
    let output = process::run(data, &["check"]);
    assert!(
        output.status.success(),
        "round {round}, seed {seed}: {}",
        process::said(&output)
    );
}

/// Every order is complete or cancelled, and every payment has its end.
async fn everything_ends(buyers: &[Client]) {
    for buyer in buyers {
        eventually("every order to end", async || {
            let orders = all_orders(buyer).await;
            let ended =
                |order: &Value| order["status"] == "complete" || order["status"] == "cancelled";
            orders.iter().all(ended).then_some(())
        })
        .await;
        for order in all_orders(buyer).await {
            let path = format!("/api/payments?orderId={}", order["id"].as_str().unwrap());
            eventually("every payment to end", async || {
                let payments = buyer.get(&path).await;
                // payments may not have heard of an order yet that ended soon after it was made.
                if payments.status == 404 {
                    return None;
                }
                assert_eq!(payments.status, 200, "{payments:?}");
                let open = ["processing", "authorized", "requires_action"];
                let ended = |payment: &Value| !open.contains(&payment["status"].as_str().unwrap());
                let payments = payments.body.as_array().expect("a list").clone();
                payments.iter().all(ended).then_some(())
            })
            .await;
        }
    }
}

async fn all_orders(buyer: &Client) -> Vec<Value> {
    buyer.list("/api/orders").await
}

struct People {
    seller: Client,
    buyers: Vec<Client>,
}

struct Load {
    people: People,
    seed: u64,
    milliseconds: u64,
}

impl People {
    fn load(self, seed: u64, milliseconds: u64) -> Load {
        Load {
            people: self,
            seed,
            milliseconds,
        }
    }
}

impl Load {
    /// Lets everybody buy until the server is killed; answers what it promised.
    async fn run(self, server: Server) -> Promised {
        let tickets = Arc::new(self.list().await);
        let over = Arc::new(AtomicBool::new(false));
        let mut tasks = Vec::new();
        for (index, buyer) in self.people.buyers.into_iter().enumerate() {
            let random = StdRng::seed_from_u64(self.seed ^ u64::try_from(index).unwrap());
            tasks.push(tokio::spawn(buy(
                index,
                buyer,
                tickets.clone(),
                random,
                over.clone(),
            )));
        }
        pause(self.milliseconds).await;
        server.kill();
        over.store(true, Ordering::Relaxed);
        let mut promised = Promised::default();
        for task in tasks {
            promised.take(task.await.unwrap());
        }
        promised
    }

    async fn list(&self) -> Vec<String> {
        let mut tickets = Vec::new();
        for number in 0..TICKETS_A_ROUND {
            let body = json!({ "title": format!("Seat {number}"), "price": "25.50" });
            let answer = self.people.seller.post("/api/tickets", body).await;
            assert_eq!(answer.status, 201, "{answer:?}");
            tickets.push(answer.text("id"));
        }
        tickets
    }
}

/// One buyer: reserves, gives up, pays well, pays badly, and says everything twice.
async fn buy(
    index: usize,
    buyer: Client,
    tickets: Arc<Vec<String>>,
    mut random: StdRng,
    over: Arc<AtomicBool>,
) -> Promised {
    let mut promised = Promised::default();
    while !over.load(Ordering::Relaxed) {
        let ticket = tickets.choose(&mut random).unwrap();
        let body = json!({ "ticketId": ticket });
        let Some(answer) = twice(&buyer, "/api/orders", body, &mut random).await else {
            continue;
        };
        if answer.status != 201 {
            continue;
        }
        let order = answer.text("id");
        promised.orders.push((index, order.clone()));
        match random.random_range(0..10) {
            0 => {
                let path = format!("/api/orders/{order}");
                let answer = buyer.send(Method::DELETE, &path, None, None).await;
                if answer.is_some_and(|answer| answer.status == 204) {
                    promised.cancelled.push((index, order));
                }
            }
            1 => {}
            way => {
                let token = if way < 4 {
                    "tok_chargeDeclined"
                } else {
                    "tok_visa"
                };
                let body = json!({ "orderId": order, "token": token });
                let paid = twice(&buyer, "/api/payments", body, &mut random).await;
                if let Some(paid) = paid.filter(|paid| paid.status == 201) {
                    promised.payments.push((index, paid.text("id")));
                }
            }
        }
    }
    promised
}

/// Sends a request under a key, some of them twice at once.
async fn twice(
    buyer: &Client,
    path: &str,
    body: Value,
    random: &mut StdRng,
) -> Option<tessera_tests::client::Answer> {
    let key = format!("{:032x}", random.random::<u128>());
    let once = || buyer.send(Method::POST, path, Some(body.clone()), Some(&key));
    if random.random_bool(0.2) {
        let (first, second) = tokio::join!(once(), once());
        return first.filter(|answer| answer.status != 409).or(second);
    }
    once().await
}

impl Promised {
    fn take(&mut self, more: Promised) {
        self.orders.extend(more.orders);
        self.cancelled.extend(more.cancelled);
        self.payments.extend(more.payments);
    }

    async fn is_kept(&self, buyers: &[Client]) {
        let mut statuses = HashMap::new();
        for (index, buyer) in buyers.iter().enumerate() {
            for order in all_orders(buyer).await {
                let [id, status] =
                    ["id", "status"].map(|key| order[key].as_str().unwrap().to_owned());
                statuses.insert((index, id), status);
            }
        }
        for order in &self.orders {
            assert!(
                statuses.contains_key(order),
                "order {order:?} was answered, and is lost"
            );
        }
        for order in &self.cancelled {
            let status = statuses.get(order).map(String::as_str);
            assert_eq!(
                status,
                Some("cancelled"),
                "order {order:?} was cancelled, and is no more"
            );
        }
        for (buyer, payment) in &self.payments {
            let path = format!("/api/payments/{payment}");
            let answer = buyers[*buyer].get(&path).await;
            // What was authorized is captured or voided once its order has ended.
            let is_kept = answer.status == 200
                && ["authorized", "captured", "voided"].contains(&answer.text("status").as_str());
            assert!(
                is_kept,
                "payment {payment} was authorized, and is no more: {answer:?}"
            );
        }
    }
}
