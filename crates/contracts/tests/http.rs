//! HTTP bodies have the fields of the contract, in its spelling.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tessera_contracts::http::orders::{NewOrder, Order};
use tessera_contracts::http::payments::{NewPayment, Payment};
use tessera_contracts::http::tickets::{NewTicket, Ticket, TicketChange};
use tessera_contracts::http::users::{
    AccountDeletion, Credentials, CurrentUser, Export, PasswordChange, SignOut,
};
use tessera_contracts::http::{Problem, ProblemError};

const ID: &str = "0198c0de-7a11-7000-8000-000000000001";
const AT: &str = "2031-01-02T09:30:15.250Z";

/// `json` is read as a `T`, and written again without a difference.
fn is_form_of<T: Serialize + DeserializeOwned>(json: &Value) {
    let value: T = serde_json::from_value(json.clone()).unwrap();
    assert_eq!(serde_json::to_value(value).unwrap(), *json);
}

fn with(mut json: Value, more: &Value) -> Value {
    let fields = more.as_object().unwrap().clone();
    json.as_object_mut().unwrap().extend(fields);
    json
}

fn place() -> Value {
    json!({
        "venue": "Carnegie Hall", "city": "New York", "country": "US", "startsAt": AT,
        "timeZone": "America/New_York", "section": "Parquet", "row": "M", "seat": null
    })
}

#[test]
fn tickets() {
    let ticket = json!({
        "id": ID, "version": 3, "userId": ID, "title": "Beethoven: Symphony No. 9", "price": "120.00",
        "fee": "0.00", "total": "120.00", "currency": "usd", "status": "available", "orderId": null,
        "category": "concert", "createdAt": AT, "updatedAt": AT
    });
    is_form_of::<Ticket>(&with(ticket, &place()));
    is_form_of::<NewTicket>(&json!({"title": "Hamlet", "price": "80.00"}));
    is_form_of::<NewTicket>(&json!({
        "title": "Hamlet", "price": "80.00", "currency": "gbp", "startsAt": AT, "timeZone": "Europe/London"
    }));
}

#[test]
fn a_change_tells_null_from_a_field_left_out() {
    let json = json!({"price": "90.00", "venue": null, "seat": "15", "startsAt": null});
    is_form_of::<TicketChange>(&json);
    let change: TicketChange = serde_json::from_value(json).unwrap();
    assert_eq!((change.venue, change.city), (Some(None), None));
    assert_eq!(change.seat, Some(Some("15".to_owned())));
}

#[test]
fn orders() {
    let ticket = json!({
        "id": ID, "version": 3, "userId": ID, "title": "Hamlet", "price": "80.00", "currency": "gbp"
    });
    is_form_of::<Order>(&json!({
        "id": ID, "version": 1, "userId": ID, "status": "awaiting:payment", "cancelReason": null,
        "expiresAt": AT, "price": "80.00", "fee": "0.00", "total": "80.00", "currency": "gbp",
        "ticket": with(ticket, &place()), "createdAt": AT, "updatedAt": AT
    }));
    is_form_of::<NewOrder>(&json!({"ticketId": ID}));
    is_form_of::<NewOrder>(&json!({"ticketId": ID, "price": "80.00"}));
}

#[test]
fn payments() {
    is_form_of::<Payment>(&json!({
        "id": ID, "orderId": ID, "status": "captured", "amount": "80.00", "currency": "gbp", "createdAt": AT
    }));
    is_form_of::<NewPayment>(&json!({"orderId": ID, "token": "tok_visa"}));
}

#[test]
fn users() {
    is_form_of::<Credentials>(&json!({"email": "ada@example.com", "password": "correct horse"}));
    is_form_of::<CurrentUser>(&json!({"currentUser": {"id": ID, "email": "ada@example.com"}}));
    is_form_of::<CurrentUser>(&json!({"currentUser": null}));
    is_form_of::<PasswordChange>(&json!({"current": "correct horse", "new": "battery staple"}));
    is_form_of::<AccountDeletion>(&json!({"password": "correct horse"}));
    is_form_of::<Export>(&json!({
        "id": ID, "email": "ada@example.com", "createdAt": AT, "updatedAt": AT,
        "sessions": [{"id": ID, "createdAt": AT, "usedAt": AT, "expiresAt": AT}]
    }));
    let bare: SignOut = serde_json::from_str("{}").unwrap();
    assert!(!bare.everywhere);
}

#[test]
fn a_password_is_never_printed() {
    let json = json!({"email": "ada@example.com", "password": "correct horse"});
    let credentials: Credentials = serde_json::from_value(json).unwrap();
    assert!(!format!("{credentials:?}").contains("horse"));
    assert_eq!(credentials.password.reveal(), "correct horse");
}

#[test]
fn a_problem_holds_at_least_one_error() {
    let problem = Problem::new(
        409,
        "Conflict",
        "ticket_reserved",
        "This ticket is reserved",
    );
    let json = json!({
        "type": "about:blank", "title": "Conflict", "status": 409, "detail": "This ticket is reserved",
        "code": "ticket_reserved", "errors": [{"message": "This ticket is reserved"}]
    });
    assert_eq!(serde_json::to_value(&problem).unwrap(), json);
    is_form_of::<Problem>(&json);
    assert_eq!(problem.clone().with_errors(Vec::new()), problem);
}

#[test]
fn a_problem_names_fields_and_the_attempts_left() {
    let error = ProblemError {
        message: "Your card was declined".to_owned(),
        field: Some("token".to_owned()),
    };
    let problem = Problem::new(
        402,
        "Payment Required",
        "card_declined",
        "Your card was declined",
    )
    .with_errors(vec![error])
    .with_attempts_left(2);
    let json = serde_json::to_value(&problem).unwrap();
    assert_eq!(json["attemptsLeft"], 2);
    assert_eq!(
        json["errors"],
        json!([{"message": "Your card was declined", "field": "token"}])
    );
    is_form_of::<Problem>(&json);
}
