//! What pages are told of while they are open.

use reqwest::header::{ACCEPT, HeaderMap, HeaderValue};
use reqwest::{Method, Response};
use tessera_tests::visitor::Visitor;

use crate::stage::{Stage, list, pay, reserve};

/// A page's ear.
struct Ear {
    answer: Response,
    heard: String,
}

impl Ear {
    async fn open(visitor: &Visitor, query: &str) -> Ear {
        let request = visitor.ask(Method::GET, &format!("/live?{query}"));
        let answer = request.headers(as_stream()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(
            answer.headers()["content-type"]
                .to_str()
                .unwrap()
                .starts_with("text/event-stream")
        );
        let mut ear = Ear {
            answer,
            heard: String::new(),
        };
        ear.hears("event: hello\ndata: ").await;
        ear
    }

    /// Listens until this is heard.
    async fn hears(&mut self, text: &str) {
        let listening = async {
            while !self.heard.contains(text) {
                let chunk = self
                    .answer
                    .chunk()
                    .await
                    .expect("a stream")
                    .expect("it goes on");
                self.heard.push_str(&String::from_utf8_lossy(&chunk));
            }
        };
        let bound = std::time::Duration::from_secs(30);
        tokio::time::timeout(bound, listening)
            .await
            .unwrap_or_else(|_| panic!("waited for {text}"));
    }

    /// Listens to the end.
    async fn ends(&mut self) {
        let listening = async {
            while let Ok(Some(chunk)) = self.answer.chunk().await {
                self.heard.push_str(&String::from_utf8_lossy(&chunk));
            }
        };
        let bound = std::time::Duration::from_secs(30);
        tokio::time::timeout(bound, listening)
            .await
            .expect("it ends");
    }
}

/// As an `EventSource` asks.
fn as_stream() -> HeaderMap {
    let accept = HeaderValue::from_static("text/event-stream");
    HeaderMap::from_iter([(ACCEPT, accept)])
}

fn id(path: &str) -> &str {
    path.rsplit('/').next().unwrap()
}

#[tokio::test]
async fn everybody_hears_of_the_ticket_and_its_buyer_alone_of_the_order() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let (ticket, other) = (list(&seller, "Manon").await, list(&seller, "Thaïs").await);
    let buyer = stage.person("grace").await;
    let mut anyone = Ear::open(&stage.anyone(), &format!("tickets={}", id(&ticket))).await;
    let mut sells = Ear::open(&seller, "mine").await;
    let mut buys = Ear::open(&buyer, "mine").await;
    let order = reserve(&buyer, &ticket).await;
    let mut pays = Ear::open(&buyer, &format!("order={}", id(&order))).await;
    reserve(&buyer, &other).await;
    pay(&buyer, &order, "tok_visa").await;
    anyone.hears("\"status\":\"sold\"").await;
    assert!(
        anyone.heard.contains("\"status\":\"reserved\""),
        "{}",
        anyone.heard
    );
    assert!(
        !anyone.heard.contains("order") && !anyone.heard.contains(id(&other)),
        "{}",
        anyone.heard
    );
    sells.hears("\"status\":\"sold\"").await;
    assert!(
        sells.heard.contains(id(&other)) && !sells.heard.contains("event: order"),
        "{}",
        sells.heard
    );
    buys.hears("\"status\":\"complete\"").await;
    pays.hears("\"status\":\"captured\"").await;
    assert!(pays.heard.contains("event: payment"), "{}", pays.heard);
}

#[tokio::test]
async fn who_may_not_see_it_does_not_hear_of_it() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let ticket = list(&seller, "Oberon").await;
    let order = reserve(&stage.person("grace").await, &ticket).await;
    let status = async |visitor: &Visitor, query: &str| {
        let request = visitor.ask(Method::GET, &format!("/live?{query}"));
        request
            .headers(as_stream())
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    let of_order = format!("order={}", id(&order));
    assert_eq!(status(&seller, &of_order).await, 403);
    assert_eq!(status(&stage.anyone(), &of_order).await, 401);
    assert_eq!(status(&stage.anyone(), "mine").await, 401);
    for nonsense in ["", "tickets=", "tickets=7", "order=x", "everything"] {
        assert_eq!(status(&seller, nonsense).await, 400, "{nonsense}");
    }
}

#[tokio::test]
async fn a_page_is_cut_off_with_its_session_and_with_the_server() {
    let stage = Stage::open().await;
    let visitor = stage.person("ada").await;
    let mut ear = Ear::open(&visitor, "mine").await;
    let mut other = Ear::open(&stage.person("grace").await, "mine").await;
    visitor.post("/auth/signout", &[]).await;
    ear.ends().await;
    assert!(ear.heard.contains("event: session"), "{}", ear.heard);
    assert!(!other.heard.contains("session"));
    let Stage {
        server,
        folder: _folder,
    } = stage;
    let (ended, ()) = tokio::join!(server.terminate(), other.ends());
    assert!(ended.success());
}

#[tokio::test]
async fn what_passed_before_it_listened_is_told_to_who_says_when_they_looked() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let ticket = list(&seller, "Werther").await;
    let visitor = stage.anyone();
    let page = visitor.get(&ticket).await;
    let since = page
        .html
        .split(" data-since=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    reserve(&stage.person("grace").await, &ticket).await;
    let mut ear = Ear::open(&visitor, &format!("tickets={}&since={since}", id(&ticket))).await;
    ear.hears("\"status\":\"reserved\"").await;
}
