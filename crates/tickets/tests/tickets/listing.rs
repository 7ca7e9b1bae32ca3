//! `POST /api/tickets`

use serde_json::json;
use tessera_contracts::events::EventData;

use crate::stage::{errors, invalid, not_signed_in, offer, refusal, tickets, with};

#[tokio::test]
async fn lists_a_ticket() {
    let app = tickets().await;
    let seller = app.sign_in();
    let answer = app.post("/api/tickets", offer()).by(&seller).send().await;
    insta::assert_json_snapshot!(answer.shown(), @r#"
    {
      "body": {
        "category": "concert",
        "city": "New York",
        "country": "US",
        "createdAt": "[time]",
        "currency": "usd",
        "fee": "0.00",
        "id": "[id]",
        "orderId": null,
        "price": "120.00",
        "row": "M",
        "seat": "14",
        "section": "Parquet",
        "startsAt": "[time]",
        "status": "available",
        "timeZone": "America/New_York",
        "title": "Mahler: Symphony No. 2",
        "total": "120.00",
        "updatedAt": "[time]",
        "userId": "[id]",
        "venue": "Carnegie Hall",
        "version": 1
      },
      "status": 201
    }
    "#);
    assert_eq!(answer.text("userId"), seller.id.to_string());
    let location = answer.header("location").to_owned();
    let shown = app.get(&location).send().await;
    assert_eq!(shown.body, answer.body);
    let events = app.published("tickets").await;
    let [EventData::TicketCreated(state)] =
        events.iter().map(|event| &event.data).collect::<Vec<_>>()[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(
        serde_json::to_value(state).unwrap()["title"],
        answer.body["title"]
    );
    assert_eq!((state.version, state.edit_version), (1, Some(1)));
    assert_eq!(state.row.as_deref(), Some("M"));
}

#[tokio::test]
async fn seats_may_be_numbers_and_a_category_is_kept_as_it_was_written() {
    let app = tickets().await;
    let seller = app.sign_in();
    let offer = json!({ "title": "Tosca", "price": 120.50, "category": "Rock & Pop", "row": 7, "seat": 14 });
    let listed = app.post("/api/tickets", offer).by(&seller).send().await;
    assert_eq!(listed.status, 201, "{}", listed.body);
    let said = ["price", "category", "row", "seat"].map(|field| listed.text(field));
    assert_eq!(said, ["120.50", "Rock & Pop", "7", "14"]);
    let found = app.get("/api/tickets?category=rock+%26+POP").send().await;
    assert_eq!(found.body.as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_title_and_a_price_are_enough() {
    let app = tickets().await;
    let seller = app.sign_in();
    let bare = json!({"title": "  Hamlet ", "price": 20.5, "venue": null, "shoeSize": 43});
    let answer = app.post("/api/tickets", bare).by(&seller).send().await;
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
        "price": "20.50",
        "row": null,
        "seat": null,
        "section": null,
        "startsAt": null,
        "status": "available",
        "timeZone": null,
        "title": "Hamlet",
        "total": "20.50",
        "updatedAt": "[time]",
        "userId": "[id]",
        "venue": null,
        "version": 1
      },
      "status": 201
    }
    "#);
}

#[tokio::test]
async fn a_price_has_the_digits_of_its_currency() {
    let app = tickets().await;
    let seller = app.sign_in();
    for (price, currency, expected) in [
        ("1200", "jpy", "1200"),
        ("1.5", "KWD", "1.500"),
        ("1", "eur", "1.00"),
    ] {
        let body = with(offer(), json!({"price": price, "currency": currency}));
        let answer = app.post("/api/tickets", body).by(&seller).send().await;
        assert_eq!(answer.text("price"), expected);
        assert_eq!(answer.text("currency"), currency.to_lowercase());
    }
}

#[tokio::test]
async fn what_is_wrong_is_told_at_once() {
    let app = tickets().await;
    let seller = app.sign_in();
    let body = json!({
        "title": " ", "price": "12.345", "currency": "eur", "category": " ", "venue": "a\nb",
        "city": 7, "country": "USA", "startsAt": "2029-12-31T23:59:59Z", "timeZone": "Mars/Olympus",
        "section": "s".repeat(101), "row": "", "seat": []
    });
    let answer = app.post("/api/tickets", body).by(&seller).send().await;
    insta::assert_debug_snapshot!(errors(&answer), @r#"
    [
        "title: title must not be blank",
        "price: EUR has at most 2 digits after the point",
        "category: category must not be blank",
        "venue: venue must be one line of text",
        "city: city must be text",
        "country: country must be two letters, as in US",
        "startsAt: startsAt must lie in the future",
        "timeZone: timeZone must be the name of a time zone, as in Europe/Vienna",
        "section: section must have at most 100 characters",
        "row: row must not be blank",
        "seat: seat must be text",
    ]
    "#);
    let answer = app.post("/api/tickets", json!({})).by(&seller).send().await;
    assert_eq!(
        answer.shown(),
        invalid(&[
            ("title", "title is required"),
            ("price", "price is required")
        ])
    );
}

#[tokio::test]
async fn a_price_is_a_plain_positive_amount() {
    let app = tickets().await;
    let seller = app.sign_in();
    let wrong = [
        json!("0"),
        json!(0),
        json!(-1),
        json!("-1"),
        json!(""),
        json!("1e3"),
        json!(1e300),
        json!("1,000"),
        json!("1000000.00"),
        json!(true),
        json!(null),
        json!({}),
    ];
    for price in wrong {
        let body = with(offer(), json!({ "price": price }));
        let answer = app.post("/api/tickets", body).by(&seller).send().await;
        assert_eq!(answer.status, 400, "{price}");
        assert_eq!(answer.body["errors"][0]["field"], "price", "{price}");
    }
}

#[tokio::test]
async fn needs_somebody_and_a_body() {
    let app = tickets().await;
    let seller = app.sign_in();
    let answer = app.post("/api/tickets", offer()).send().await;
    assert_eq!(answer.shown(), not_signed_in());
    let answer = app.post("/api/tickets", json!([])).by(&seller).send().await;
    let detail = "The body must be a JSON object.";
    assert_eq!(
        answer.shown(),
        refusal(400, "Bad Request", "bad_request", detail)
    );
    assert!(app.published("tickets").await.is_empty());
}

#[tokio::test]
async fn a_key_gets_the_same_answer_again() {
    let app = tickets().await;
    let seller = app.sign_in();
    let post = |body| {
        app.post("/api/tickets", body)
            .by(&seller)
            .header("idempotency-key", "k1")
    };
    let first = post(offer()).send().await;
    let again = post(offer()).send().await;
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    assert_eq!(first.header("location"), again.header("location"));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(app.published("tickets").await.len(), 1);
    let other = post(with(offer(), json!({"seat": "15"}))).send().await;
    let detail = "This Idempotency-Key was used for another request before.";
    assert_eq!(
        other.shown(),
        refusal(
            422,
            "Unprocessable Entity",
            "idempotency_key_reused",
            detail
        )
    );
}
