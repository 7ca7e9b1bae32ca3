//! `DELETE /api/tickets/{id}`

use crate::stage::{Stage, completed};

#[tokio::test]
async fn a_listing_is_withdrawn_once() {
    let stage = Stage::open().await;
    for _ in 0..2 {
        let answer = stage
            .app
            .delete(&stage.path())
            .by(&stage.seller)
            .send()
            .await;
        assert_eq!(answer.status, 204);
        assert!(answer.body.is_null());
    }
    assert_eq!(stage.news().await, ["v2 withdrawn -"]);
    assert_eq!(stage.count("SELECT count(*) FROM ticket_terms").await, 0);
}

#[tokio::test]
async fn only_its_seller_withdraws_a_ticket() {
    let stage = Stage::open().await;
    let (path, other) = (stage.path(), stage.app.sign_in());
    insta::assert_json_snapshot!(stage.app.delete(&path).send().await.shown(), @r#"
    {
      "body": {
        "code": "not_signed_in",
        "detail": "Please sign in first.",
        "errors": [
          {
            "message": "Please sign in first."
          }
        ],
        "status": 401,
        "title": "Unauthorized",
        "type": "about:blank"
      },
      "status": 401
    }
    "#);
    insta::assert_json_snapshot!(stage.app.delete(&path).by(&other).send().await.shown(), @r#"
    {
      "body": {
        "code": "not_your_ticket",
        "detail": "This ticket is not yours.",
        "errors": [
          {
            "message": "This ticket is not yours."
          }
        ],
        "status": 403,
        "title": "Forbidden",
        "type": "about:blank"
      },
      "status": 403
    }
    "#);
    let path = format!("/api/tickets/{}", stage.app.ids.next());
    insta::assert_json_snapshot!(stage.app.delete(&path).by(&other).send().await.shown(), @r#"
    {
      "body": {
        "code": "ticket_not_found",
        "detail": "There is no such ticket.",
        "errors": [
          {
            "message": "There is no such ticket."
          }
        ],
        "status": 404,
        "title": "Not Found",
        "type": "about:blank"
      },
      "status": 404
    }
    "#);
    assert_eq!(stage.news().await, [""; 0]);
}

#[tokio::test]
async fn a_ticket_that_an_order_has_stays() {
    let mut stage = Stage::open().await;
    let path = stage.path();
    let order = stage.holder("A").await;
    insta::assert_json_snapshot!(stage.app.delete(&path).by(&stage.seller).send().await.shown(), @r#"
    {
      "body": {
        "code": "ticket_reserved",
        "detail": "Somebody is buying this ticket, so it cannot be changed right now.",
        "errors": [
          {
            "message": "Somebody is buying this ticket, so it cannot be changed right now."
          }
        ],
        "status": 409,
        "title": "Conflict",
        "type": "about:blank"
      },
      "status": 409
    }
    "#);
    stage.publish(completed(&order)).await;
    insta::assert_json_snapshot!(stage.app.delete(&path).by(&stage.seller).send().await.shown(), @r#"
    {
      "body": {
        "code": "ticket_sold",
        "detail": "This ticket is sold.",
        "errors": [
          {
            "message": "This ticket is sold."
          }
        ],
        "status": 409,
        "title": "Conflict",
        "type": "about:blank"
      },
      "status": 409
    }
    "#);
}

#[tokio::test]
async fn if_match_names_the_version_to_withdraw() {
    let stage = Stage::open().await;
    let path = stage.path();
    let delete = |tag: &str| {
        stage
            .app
            .delete(&path)
            .by(&stage.seller)
            .header("if-match", tag)
            .send()
    };
    assert_eq!(delete("\"2\"").await.status, 412);
    assert_eq!(delete("\"1\"").await.status, 204);
}
