//! `PUT /api/tickets/{id}`

use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_platform::testing::Answer;

use crate::stage::{
    Stage, completed, conflict, errors, expired, invalid, no_such_ticket, not_signed_in,
    not_your_ticket, offer, refusal, reserved, sold,
};

async fn put(stage: &Stage, body: Value) -> Answer {
    stage
        .app
        .put(&stage.path(), body)
        .by(&stage.seller)
        .send()
        .await
}

#[tokio::test]
async fn changes_what_is_named_and_keeps_the_rest() {
    let stage = Stage::open().await;
    let before = stage.app.get(&stage.path()).send().await;
    stage.app.pass(SignedDuration::from_secs(60)).await;
    let answer = put(
        &stage,
        json!({"title": "Mahler 2", "price": 99, "seat": null}),
    )
    .await;
    assert_eq!(
        (answer.status.as_u16(), answer.header("etag")),
        (200, "\"2\"")
    );
    let mut expected = before.body;
    expected["title"] = json!("Mahler 2");
    expected["price"] = json!("99.00");
    expected["total"] = json!("99.00");
    expected["seat"] = json!(null);
    expected["version"] = json!(2);
    expected["updatedAt"] = json!("2030-01-01T12:01:00.000Z");
    assert_eq!(answer.body, expected);
    assert_eq!(stage.news().await, ["v2 available -"]);
}

#[tokio::test]
async fn the_whole_ticket_may_be_sent_and_what_changes_nothing_makes_no_version() {
    let stage = Stage::open().await;
    for body in [
        offer(),
        json!({}),
        json!({"price": "120", "currency": "USD"}),
    ] {
        let answer = put(&stage, body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("etag")),
            (200, "\"1\"")
        );
    }
    assert_eq!(stage.news().await, [""; 0]);
}

#[tokio::test]
async fn every_field_but_title_price_and_currency_can_be_cleared() {
    let stage = Stage::open().await;
    let answer = put(&stage, json!({
        "category": null, "venue": null, "city": null, "country": null, "startsAt": null, "timeZone": null,
        "section": null, "row": null, "seat": null
    }))
    .await;
    insta::assert_json_snapshot!(answer.shown(), @r#"
    {
      "body": {
        "category": null,
        "city": null,
        "country": null,
        "createdAt": "[time]",
        "currency": "usd",
        "fee": "0.00",
        "id": "[id]",
        "orderId": null,
        "price": "120.00",
        "row": null,
        "seat": null,
        "section": null,
        "startsAt": null,
        "status": "available",
        "timeZone": null,
        "title": "Mahler: Symphony No. 2",
        "total": "120.00",
        "updatedAt": "[time]",
        "userId": "[id]",
        "venue": null,
        "version": 2
      },
      "status": 200
    }
    "#);
    let answer = put(
        &stage,
        json!({"title": null, "price": null, "currency": null}),
    )
    .await;
    insta::assert_debug_snapshot!(errors(&answer), @r#"
    [
        "title: title cannot be taken away",
        "currency: currency cannot be taken away",
        "price: price cannot be taken away",
    ]
    "#);
}

#[tokio::test]
async fn price_and_currency_must_fit_each_other() {
    let stage = Stage::open().await;
    let answer = put(&stage, json!({"currency": "eur"})).await;
    assert_eq!(
        (answer.text("price"), answer.text("currency")),
        ("120.00".into(), "eur".into())
    );
    let no_digits = invalid(&[("price", "JPY has no digits after the point")]);
    // The yen has no cents.
    put(&stage, json!({"price": "120.50"})).await;
    let answer = put(&stage, json!({"currency": "jpy"})).await;
    assert_eq!(answer.shown(), no_digits);
    let answer = put(&stage, json!({"currency": "jpy", "price": 15000})).await;
    assert_eq!(
        (answer.text("price"), answer.text("currency")),
        ("15000".into(), "jpy".into())
    );
    // A price alone is one of the currency that the ticket has.
    let answer = put(&stage, json!({"price": "150.50"})).await;
    assert_eq!(answer.shown(), no_digits);
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once() {
    let stage = Stage::open().await;
    let body = json!({"title": "", "price": "1.234", "country": "X", "startsAt": "tomorrow"});
    let answer = put(&stage, body).await;
    assert_eq!(
        answer.shown(),
        invalid(&[
            ("title", "title must not be blank"),
            ("price", "USD has at most 2 digits after the point"),
            ("country", "country must be two letters, as in US"),
            ("startsAt", "Write the time as in 2031-05-01T18:30:00Z")
        ])
    );
}

#[tokio::test]
async fn a_start_that_is_past_can_be_kept_but_not_set() {
    let stage = Stage::open().await;
    put(&stage, json!({"startsAt": "2030-01-01T13:00:00Z"})).await;
    stage.app.pass(SignedDuration::from_hours(2)).await;
    let same = json!({"title": "Too late", "startsAt": "2030-01-01T13:00:00Z"});
    assert_eq!(put(&stage, same).await.status, 200);
    let answer = put(&stage, json!({"startsAt": "2030-01-01T13:30:00Z"})).await;
    assert_eq!(
        answer.shown(),
        invalid(&[("startsAt", "startsAt must lie in the future")])
    );
}

#[tokio::test]
async fn only_its_seller_edits_a_ticket() {
    let stage = Stage::open().await;
    let (path, other) = (stage.path(), stage.app.sign_in());
    let edit = || stage.app.put(&path, json!({"title": "Mine"}));
    assert_eq!(edit().send().await.shown(), not_signed_in());
    assert_eq!(edit().by(&other).send().await.shown(), not_your_ticket());
    let path = format!("/api/tickets/{}", stage.app.ids.next());
    let unknown = stage.app.put(&path, json!({})).by(&other).send().await;
    assert_eq!(unknown.shown(), no_such_ticket());
    assert_eq!(stage.news().await, [""; 0]);
}

#[tokio::test]
async fn a_ticket_does_not_change_while_an_order_has_it() {
    let mut stage = Stage::open().await;
    let order = stage.holder("A").await;
    assert_eq!(stage.edit().await.shown(), reserved());
    assert_eq!(put(&stage, json!({})).await.status, 409);
    stage.publish(completed(&order)).await;
    assert_eq!(stage.edit().await.shown(), sold());
    assert_eq!(stage.news().await, ["v2 reserved A", "v3 sold A"]);
}

#[tokio::test]
async fn a_ticket_that_was_released_can_be_edited_again() {
    let mut stage = Stage::open().await;
    let order = stage.holder("A").await;
    stage.publish(expired(&order)).await;
    assert_eq!(stage.edit().await.status, 200);
    assert_eq!(stage.standing().await, "v4 available -");
}

#[tokio::test]
async fn a_withdrawn_ticket_is_not_edited() {
    let stage = Stage::open().await;
    stage
        .app
        .delete(&stage.path())
        .by(&stage.seller)
        .send()
        .await;
    assert_eq!(
        stage.edit().await.shown(),
        conflict("ticket_withdrawn", "This ticket was withdrawn.")
    );
}

#[tokio::test]
async fn if_match_names_the_version_to_change() {
    let mut stage = Stage::open().await;
    let path = stage.path();
    let put = async |stage: &Stage, tag: &str| {
        let title = format!("Mahler, {}", stage.app.ids.next());
        let edit = stage
            .app
            .put(&path, json!({ "title": title }))
            .by(&stage.seller);
        edit.header("if-match", tag).send().await
    };
    assert_eq!(put(&stage, "\"1\"").await.status, 200);
    let detail = "It was changed since you read it. Read it again before you change it.";
    assert_eq!(
        put(&stage, "\"1\"").await.shown(),
        refusal(412, "Precondition Failed", "version_changed", detail)
    );
    assert_eq!(put(&stage, "\"1\", \"2\"").await.status, 200);
    assert_eq!(put(&stage, "*").await.status, 200);
    assert_eq!(put(&stage, "W/\"4\"").await.status, 412);
    assert_eq!(put(&stage, "4").await.status, 400);
    // Why a ticket cannot be changed says more than that it is of another version.
    let order = stage.order("A", 4);
    stage.publish(crate::stage::created(&order)).await;
    assert_eq!(put(&stage, "\"4\"").await.status, 409);
}
