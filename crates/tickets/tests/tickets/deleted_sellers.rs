//! A seller whose account is gone sells nothing any more, and what was sold stays.

use jiff::SignedDuration;
use serde_json::json;
use tessera_contracts::UserId;
use tessera_contracts::events::{EventData, UserState};

use crate::stage::{Stage, completed, created, expired, list, not_signed_in, offer, tickets};

fn deleted(id: UserId) -> EventData {
    EventData::UserDeleted(UserState { id })
}

#[tokio::test]
async fn all_free_listings_are_withdrawn_portion_by_portion() {
    let app = tickets().await;
    let (seller, other) = (app.sign_in(), app.sign_in());
    for _ in 0..401 {
        list(&app, &seller, json!({"title": "Hamlet", "price": 20})).await;
    }
    list(&app, &other, json!({"title": "Hamlet", "price": 20})).await;
    app.publish(deleted(seller.id)).await;
    let count = async |sql: &str| {
        let row: Option<(i64,)> = app.db("tickets").opt(sql, &[]).await.unwrap();
        row.unwrap().0
    };
    assert_eq!(
        count("SELECT count(*) FROM tickets WHERE status = 'withdrawn'").await,
        401
    );
    assert_eq!(
        count("SELECT count(*) FROM tickets WHERE status = 'available'").await,
        1
    );
    app.pass(SignedDuration::from_secs(5)).await;
    assert_eq!(
        count("SELECT count(DISTINCT ticket_id) FROM ticket_terms").await,
        1
    );
    let types = app.published_types("tickets").await;
    assert_eq!(
        types
            .iter()
            .filter(|name| **name == "ticket:updated")
            .count(),
        401
    );
}

#[tokio::test]
async fn a_reserved_listing_is_withdrawn_on_its_release_and_whoever_waits_is_refused() {
    let mut stage = Stage::open().await;
    let holder = stage.holder("A").await;
    let waiting = stage.order("B", 1);
    stage.publish(created(&waiting)).await;
    stage.publish(deleted(stage.seller.id)).await;
    assert_eq!(stage.standing().await, "v2 reserved A");
    stage.publish(expired(&holder)).await;
    let expected = ["v2 reserved A", "v3 withdrawn -", "v3 refused B withdrawn"];
    assert_eq!(stage.news().await, expected);
    assert_eq!(stage.waiting().await, 0);
    stage.app.pass(SignedDuration::from_secs(5)).await;
    assert_eq!(stage.count("SELECT count(*) FROM ticket_terms").await, 0);
}

#[tokio::test]
async fn a_reserved_listing_may_still_be_paid() {
    let mut stage = Stage::open().await;
    let holder = stage.holder("A").await;
    stage.publish(deleted(stage.seller.id)).await;
    stage.publish(completed(&holder)).await;
    assert_eq!(stage.standing().await, "v3 sold A");
}

#[tokio::test]
async fn nothing_is_listed_with_what_is_left_of_a_session() {
    let stage = Stage::open().await;
    stage.publish(deleted(stage.seller.id)).await;
    let answer = stage
        .app
        .post("/api/tickets", offer())
        .by(&stage.seller)
        .send()
        .await;
    assert_eq!(answer.shown(), not_signed_in());
}
