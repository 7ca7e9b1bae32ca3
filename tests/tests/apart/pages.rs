//! The pages, in a process of their own: what they show comes from five others, and what moves from the stream.

use std::time::Duration;

use reqwest::Method;
use tessera_tests::apart::{Apart, has_servers};
use tessera_tests::visitor::{Shown, Visitor};
use tessera_tests::within;

use crate::stage::unless_interrupted;

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_show_what_five_other_processes_do() {
    if !has_servers() {
        return;
    }
    unless_interrupted(async {
        // Two of them: neither keeps anything.
        let mut apart = Apart::start(&["web"]).await;
        let seller = Visitor::new(&apart.url);
        seller.sign_up("ada@example.com").await;
        let ticket = list(&seller).await;
        let buyer = Visitor::new(&apart.url);
        buyer.sign_up("grace@example.com").await;
        let mut ear = listen(&buyer, &ticket).await;
        buy(&buyer, &ticket).await;
        hears(&mut ear, "\"status\":\"sold\"").await;
        until(&seller, "/listings", "Sold on").await;

        drop(apart.take("orders"));
        buyer
            .get("/orders")
            .await
            .says(503, "We will be right back");
        buyer.get(&ticket).await.says(200, "This ticket is sold.");
        apart.end().await;
    })
    .await;
}

async fn list(seller: &Visitor) -> String {
    let key = seller.get("/tickets/new").await.field("key");
    let fields = [
        ("title", "Hamlet"),
        ("price", "120"),
        ("key", &*key),
        ("do", "list"),
    ];
    let listed = seller.post("/tickets/new", &fields).await;
    assert_eq!(listed.status, 303, "{}", listed.html);
    listed
        .location
        .split('?')
        .next()
        .expect("a path")
        .to_owned()
}

/// From the button to the receipt.
async fn buy(buyer: &Visitor, ticket: &str) {
    let page = buyer.get(ticket).await;
    let (price, key) = (page.field("price"), page.field("key"));
    let reserved = buyer
        .post(ticket, &[("price", &price), ("key", &key)])
        .await;
    assert_eq!(reserved.status, 303, "{}", reserved.html);
    let order = reserved.location;
    let page = until(buyer, &order, "It is yours while you pay").await;
    let key = page.field("key");
    let fields = [("token", "tok_visa"), ("key", &*key), ("do", "pay")];
    assert_eq!(buyer.post(&order, &fields).await.status, 303);
    until(buyer, &order, "Paid on").await;
}

async fn until(visitor: &Visitor, path: &str, text: &str) -> Shown {
    within(60, text, async || {
        let shown = visitor.get(path).await;
        shown.html.contains(text).then_some(shown)
    })
    .await
}

async fn listen(visitor: &Visitor, ticket: &str) -> reqwest::Response {
    let id = ticket.rsplit('/').next().expect("an id");
    let request = visitor.ask(Method::GET, &format!("/live?tickets={id}"));
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.status(), 200);
    answer
}

async fn hears(ear: &mut reqwest::Response, text: &str) {
    let mut heard = String::new();
    let listening = async {
        while !heard.contains(text) {
            let chunk = ear.chunk().await.expect("a stream").expect("it goes on");
            heard.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    let bound = Duration::from_secs(60);
    tokio::time::timeout(bound, listening).await.expect(text);
}
