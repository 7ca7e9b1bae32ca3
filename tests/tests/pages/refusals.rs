//! What is refused or broken, as a person and as a program is told.

use reqwest::Method;
use tessera_tests::visitor::Visitor;

use crate::stage::{Stage, list, reserve};

#[tokio::test]
async fn what_is_not_there_and_what_is_somebody_elses_are_pages_with_a_way_on() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let ticket = list(&seller, "Salome").await;
    let order = reserve(&stage.person("grace").await, &ticket).await;
    for path in [
        "/nowhere",
        "/tickets/7",
        "/tickets/01890000-0000-7000-8000-000000000001",
        "/orders/x",
        "/assets/app.css",
    ] {
        let page = seller.get(path).await;
        page.says(404, "There is nothing here");
        page.says(404, "Browse tickets");
        assert!(page.header("content-type").starts_with("text/html"));
    }
    seller.get(&order).await.says(403, "That is not yours");
    seller
        .post(&order, &[("do", "cancel")])
        .await
        .says(403, "That is not yours");
    seller
        .get("/language")
        .await
        .says(405, "That was not understood");
    let german = Visitor::speaking(&stage.server.url, "de");
    german.get("/nowhere").await.says(404, "Hier ist nichts");
}

#[tokio::test]
async fn a_program_is_told_in_json() {
    let stage = Stage::open().await;
    let http = reqwest::Client::new();
    for path in ["/nowhere", "/api/nowhere"] {
        let answer = http
            .get(format!("{}{path}", stage.server.url))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 404);
        assert_eq!(answer.headers()["content-type"], "application/problem+json");
    }
    // Under /api also a browser.
    let page = stage.anyone().get("/api/nowhere").await;
    assert_eq!(page.header("content-type"), "application/problem+json");
}

#[tokio::test]
async fn a_form_of_another_site_does_nothing() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let fields = [("title", "Forged"), ("price", "1"), ("do", "list")];
    for (name, value) in [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example.org"),
    ] {
        let request = seller
            .ask(Method::POST, "/tickets/new")
            .form(&fields)
            .header(name, value);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 403);
        assert!(answer.text().await.unwrap().contains("That is not yours"));
    }
    let listings = seller.get("/listings").await;
    assert!(!listings.html.contains("Forged"), "{}", listings.html);
    let odd = seller
        .ask(Method::POST, "/tickets/new")
        .header("content-type", "text/plain")
        .body("title=Forged");
    assert_eq!(odd.send().await.unwrap().status(), 415);
    let large = seller
        .post("/tickets/new", &[("title", &*"x".repeat(100_000))])
        .await;
    large.says(413, "That was not understood");
}

#[tokio::test]
async fn who_tries_too_often_is_told_to_wait() {
    let stage = Stage::open_with(&[("RATE_LIMITS", "on"), ("TRUSTED_PROXIES", "127.0.0.1")]).await;
    let visitor = stage.anyone();
    // Somebody else each time, so that what is counted is the address.
    let guess = async |address: &str, number: usize| {
        let email = format!("person-{number}@example.com");
        let fields = [("email", &*email), ("password", "wrong horse")];
        let request = visitor.ask(Method::POST, "/auth/signin").form(&fields);
        let request = request.header("x-forwarded-for", address);
        request.send().await.unwrap()
    };
    let mut number = 0;
    let last = loop {
        let answer = guess("192.0.2.1", number).await;
        number += 1;
        if answer.status() == 429 || number > 500 {
            break answer;
        }
    };
    assert_eq!(last.status(), 429);
    assert!(last.headers().contains_key("retry-after"));
    let page = last.text().await.unwrap();
    assert!(page.contains("That was tried too often."), "{page}");
    // The pages do not ask from an address of their own.
    assert_eq!(guess("192.0.2.2", number).await.status(), 401);
}

#[tokio::test]
async fn a_fault_of_ours_is_a_page_that_says_so_and_other_pages_go_on() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let ticket = list(&seller, "Parsifal").await;
    let broken = rusqlite::Connection::open(stage.folder.path().join("orders.db")).unwrap();
    broken
        .execute_batch("ALTER TABLE orders RENAME TO mislaid")
        .unwrap();
    let page = seller.get("/orders").await;
    page.says(500, "Something went wrong");
    assert!(
        !page.html.contains("mislaid") && !page.html.contains("SQL"),
        "{}",
        page.html
    );
    seller.get(&ticket).await.says(200, "Parsifal");
    seller.get("/").await.says(200, "Parsifal");
}

#[tokio::test]
async fn without_auth_the_market_is_still_there_to_be_looked_at() {
    let stage = Stage::open().await;
    let seller = stage.person("ada").await;
    let ticket = list(&seller, "Jenufa").await;
    let broken = rusqlite::Connection::open(stage.folder.path().join("auth.db")).unwrap();
    broken
        .execute_batch("ALTER TABLE sessions RENAME TO mislaid")
        .unwrap();
    seller.get("/").await.says(200, "Jenufa");
    seller.get(&ticket).await.says(200, "Jenufa");
    seller
        .get("/account")
        .await
        .says(500, "Something went wrong");
}

#[tokio::test]
async fn the_pages_alone_need_to_know_where_the_services_are() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = tessera_tests::process::command(folder.path(), &["serve", "web"]);
    let output = command
        .env("NATS_URL", "nats://127.0.0.1:1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success());
    assert!(said.contains("API_URL"), "{said}");
}
