//! The real program from the outside: one purchase, from sign-up to receipt, and how it ends.
#![cfg(test)]

use serde_json::json;
use tessera_tests::client::Client;
use tessera_tests::eventually;
use tessera_tests::process::{self, Server, said};

#[tokio::test]
async fn from_sign_up_to_a_paid_ticket() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[]).await;
    let anyone = Client::new(&server.url);
    let seller = anyone.sign_up("seller@example.com").await;
    let buyer = anyone.sign_up("buyer@example.com").await;

    let listed = seller
        .post("/api/tickets", json!({ "title": "Hamlet", "price": 120 }))
        .await;
    assert_eq!(
        (listed.status, listed.text("price")),
        (201, "120.00".to_owned())
    );
    let ticket = listed.text("id");
    // At once: the order itself waits to hear of the ticket, and the payment for the lock.
    let reserved = buyer
        .post("/api/orders", json!({ "ticketId": ticket }))
        .await;
    assert_eq!(reserved.status, 201, "{reserved:?}");
    let order = reserved.text("id");
    let paid = buyer
        .post(
            "/api/payments",
            json!({ "orderId": order, "token": "tok_visa" }),
        )
        .await;
    assert_eq!(paid.status, 201, "{paid:?}");
    eventually("the order to complete", async || {
        let shown = buyer.get(&format!("/api/orders/{order}")).await;
        (shown.text("status") == "complete").then_some(())
    })
    .await;
    eventually("the money to be captured", async || {
        let shown = buyer
            .get(&format!("/api/payments/{}", paid.text("id")))
            .await;
        (shown.text("status") == "captured").then_some(())
    })
    .await;
    eventually("the ticket to be sold", async || {
        let shown = anyone.get(&format!("/api/tickets/{ticket}")).await;
        (shown.text("status") == "sold").then_some(())
    })
    .await;

    assert!(server.terminate().await.success());
    let check = process::run(folder.path(), &["check"]);
    assert!(check.status.success(), "{}", said(&check));
}

#[tokio::test]
async fn an_unpaid_ticket_is_for_sale_again_within_a_second_of_its_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path(), &[("LOCK_SECONDS", "1")]).await;
    let anyone = Client::new(&server.url);
    let seller = anyone.sign_up("seller@example.com").await;
    let buyer = anyone.sign_up("buyer@example.com").await;
    let ticket = seller
        .post("/api/tickets", json!({ "title": "Faust", "price": "9.50" }))
        .await
        .text("id");
    let reserved = buyer
        .post("/api/orders", json!({ "ticketId": ticket }))
        .await;
    assert_eq!(reserved.status, 201, "{reserved:?}");
    let order = reserved.text("id");
    let cancelled = eventually("the order to expire", async || {
        let shown = buyer.get(&format!("/api/orders/{order}")).await;
        (shown.text("status") == "cancelled").then_some(shown)
    });
    let cancelled = cancelled.await;
    assert_eq!(cancelled.text("cancelReason"), "expired");
    let time = |text: String| text.parse::<jiff::Timestamp>().unwrap();
    let late = time(cancelled.text("updatedAt")).duration_since(time(reserved.text("expiresAt")));
    assert!(
        (0..1_000).contains(&late.as_millis()),
        "released {late:?} after the deadline"
    );
    eventually("the ticket to be for sale", async || {
        let shown = anyone.get(&format!("/api/tickets/{ticket}")).await;
        (shown.text("status") == "available").then_some(())
    })
    .await;
}
