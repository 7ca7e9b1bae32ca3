//! A card number that somebody sends by mistake, and the keys of the account: nobody finds them again, in no log and in no
//! file.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use stripe_double::{Call, Fault, Options, Outcome, StripeDouble};
use tempfile::TempDir;
use tessera_tests::client::{Answer, Client};
use tessera_tests::process::{command, free_address};
use tessera_tests::{eventually, pause};

const NUMBER: &str = "4242424242424242";
const KEY: &str = "sk_test_canary9Qf3";

/// The real program, saying all that it can, with a Stripe.
struct Shop {
    stripe: StripeDouble,
    folder: TempDir,
    server: Child,
    url: String,
    secret: String,
}

impl Drop for Shop {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}

impl Shop {
    async fn open() -> Shop {
        let options = Options {
            secret_key: KEY.to_owned(),
            ..Options::default()
        };
        let stripe = StripeDouble::start(options).await.unwrap();
        let address = free_address();
        let url = format!("http://{address}");
        let hook = format!("{url}/api/payments/webhooks/stripe");
        let secret = stripe.webhooks().add(&hook, &["*"]).unwrap().secret;
        let folder = tempfile::tempdir().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let server = command(&folder.path().join("data"), &["serve"])
            .env("LISTEN", &address)
            .env("RATE_LIMITS", "off")
            .env("RUST_LOG", "debug")
            .env("STRIPE_KEY", KEY)
            .env("STRIPE_WEBHOOK_SECRET", &secret)
            .env("STRIPE_API_BASE", stripe.base_url())
            .stdout(Stdio::from(log.try_clone().unwrap()))
            .stderr(Stdio::from(log))
            .spawn()
            .unwrap();
        let client = Client::new(&url);
        eventually("the server to be ready", async || {
            let ready = client.try_get("/readyz").await;
            ready.filter(|answer| answer.status == 200)
        })
        .await;
        Shop {
            stripe,
            folder,
            server,
            url,
            secret,
        }
    }

    /// An order that `buyer` may pay.
    async fn order(&self, seller: &Client, buyer: &Client) -> String {
        let ticket =
            json!({ "title": "Hamlet", "price": "120.00", "startsAt": "2090-06-01T18:30:00Z" });
        let ticket = seller.post("/api/tickets", ticket).await.text("id");
        let order = buyer
            .post("/api/orders", json!({ "ticketId": ticket }))
            .await;
        assert_eq!(order.status, 201, "{order:?}");
        order.text("id")
    }

    /// All that it said and all that it has kept, as bytes, by the name of the file.
    fn all_files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        read_all(self.folder.path(), &mut files);
        files
    }
}

fn read_all(folder: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, files);
        } else {
            files.push((path.display().to_string(), fs::read(&path).unwrap()));
        }
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes
        .windows(text.len())
        .any(|window| window == text.as_bytes())
}

/// Sends the number wherever a careless page could.
async fn blunder(buyer: &Client, order: &str) {
    let spaced = "4242 4242 4242 4242";
    let bodies = [
        json!({ "orderId": order, "token": NUMBER }),
        json!({ "orderId": order, "token": spaced }),
        json!({ "orderId": order, "token": format!("tok_{NUMBER}&") }),
        json!({ "orderId": NUMBER, "token": "pm_card_visa" }),
        json!({ "orderId": order, "token": { "number": NUMBER } }),
        json!({ "orderId": order, "number": NUMBER }),
        json!([NUMBER]),
    ];
    for body in bodies {
        for key in [None, Some("k1")] {
            let sent = buyer.send(Method::POST, "/api/payments", Some(body.clone()), key);
            let refused = sent.await.unwrap();
            assert!([400, 422].contains(&refused.status), "{body}: {refused:?}");
            assert!(!refused.body.to_string().contains("4242"), "{refused:?}");
        }
    }
    let path = format!("/api/payments?orderId={NUMBER}");
    assert_eq!(buyer.get(&path).await.status, 400);
    let forged = buyer.post("/api/payments/webhooks/stripe", json!({ "card": NUMBER }));
    assert_eq!(forged.await.status, 400);
}

async fn until(buyer: &Client, order: &str, status: &str) {
    eventually(status, async || {
        let path = format!("/api/payments?orderId={order}");
        let payments = buyer.list(&path).await;
        let is_so = |payment: &Value| payment["status"] == status;
        payments.iter().any(is_so).then_some(())
    })
    .await;
}

async fn pay(buyer: &Client, order: &str, more: Value) -> Answer {
    let mut body = json!({ "orderId": order, "token": "pm_card_visa" });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    eventually("the lock", async || {
        let paid = buyer.post("/api/payments", body.clone()).await;
        (paid.status != 409).then_some(paid)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_and_the_keys_are_nowhere_to_be_found() {
    let shop = Shop::open().await;
    let anyone = Client::new(&shop.url);
    let seller = anyone.sign_up("ada@example.com").await;
    let buyer = anyone.sign_up("bob@example.com").await;
    let order = shop.order(&seller, &buyer).await;
    blunder(&buyer, &order).await;
    // What nobody asked for is passed over, and goes nowhere.
    let careless = json!({ "number": NUMBER, "card": { "number": NUMBER } });
    let paid = pay(&buyer, &order, careless).await;
    assert_eq!(paid.status, 201, "{paid:?}");
    until(&buyer, &order, "captured").await;
    // What fails is said, and has no more to say than that.
    for fault in [Fault::FailBefore, Fault::Malformed, Fault::DropAfter] {
        shop.stripe.plan(Call::Create, fault);
        let order = shop.order(&seller, &buyer).await;
        let paid = pay(&buyer, &order, json!({ "number": NUMBER })).await;
        assert_eq!(paid.status, 202, "{paid:?}");
        until(&buyer, &order, "captured").await;
    }
    let order = shop.order(&seller, &buyer).await;
    let secured = json!({ "token": "pm_card_threeDSecure2Required" });
    let asked = pay(&buyer, &order, secured).await;
    let client_secret = asked.text("clientSecret");
    let (intent, _) = client_secret.split_once("_secret").unwrap();
    shop.stripe
        .complete_action(intent, Outcome::Succeed)
        .unwrap();
    until(&buyer, &order, "captured").await;
    shop.stripe.webhooks().settled().await;
    pause(100).await;
    for (file, bytes) in shop.all_files() {
        for text in [NUMBER, "4242 4242", KEY, shop.secret.as_str()] {
            assert!(!contains(&bytes, text), "{text} is in {file}");
        }
        let is_log = file.ends_with("/log");
        assert!(!is_log || bytes.len() > 10_000, "it says what it does");
        assert!(!is_log || !contains(&bytes, &client_secret), "{file}");
        assert!(!is_log || !contains(&bytes, "pm_card_visa"), "{file}");
    }
    let asked = shop.stripe.requests();
    assert!(!format!("{asked:?}").contains(NUMBER));
}
