//! `GET /api/tickets/{id}`

use crate::stage::{Stage, completed, no_such_ticket};

#[tokio::test]
async fn anyone_sees_a_ticket_with_its_version() {
    let stage = Stage::open().await;
    let answer = stage.app.get(&stage.path()).send().await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("etag")),
        (200, "\"1\"")
    );
    assert_eq!(answer.id::<tessera_contracts::TicketId>(), stage.ticket);
}

#[tokio::test]
async fn a_reader_who_has_the_version_is_told_so() {
    let stage = Stage::open().await;
    let get = |tag: &str| {
        stage
            .app
            .get(&stage.path())
            .header("if-none-match", tag)
            .send()
    };
    for tag in ["\"1\"", "W/\"1\"", "\"7\", \"1\"", "*"] {
        let answer = get(tag).await;
        assert_eq!(answer.status, 304, "{tag}");
        assert!(answer.body.is_null());
        assert_eq!(answer.header("etag"), "\"1\"");
    }
    for tag in ["\"2\"", "nonsense"] {
        assert_eq!(get(tag).await.status, 200, "{tag}");
    }
}

#[tokio::test]
async fn a_sold_or_withdrawn_ticket_is_still_shown() {
    let mut stage = Stage::open().await;
    let order = stage.holder("A").await;
    stage.publish(completed(&order)).await;
    assert_eq!(stage.standing().await, "v3 sold A");
    let stage = Stage::open().await;
    stage
        .app
        .delete(&stage.path())
        .by(&stage.seller)
        .send()
        .await;
    assert_eq!(stage.standing().await, "v2 withdrawn -");
}

#[tokio::test]
async fn an_unknown_ticket_is_not_found() {
    let stage = Stage::open().await;
    let path = format!("/api/tickets/{}", stage.app.ids.next());
    let answer = stage.app.get(&path).send().await;
    assert_eq!(answer.shown(), no_such_ticket());
    assert_eq!(
        stage.app.get("/api/tickets/hamlet").send().await.status,
        404
    );
}
