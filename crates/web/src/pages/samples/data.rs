//! Listings, orders, payments and refusals in which everything that people write is hostile.

use std::time::Duration;

use axum::http::StatusCode;
use serde_json::{Value, json};
use tessera_contracts::http::orders::Order;
use tessera_contracts::http::payments::{Balance, Payment, StatementLine};
use tessera_contracts::http::tickets::Ticket;
use tessera_contracts::http::users::User;
use tessera_contracts::http::{Problem, ProblemError};
use tessera_contracts::{PaymentStatus, StatementKind};
use tessera_platform::config::{CardForm, Secret, Settings, StripeSettings};
use tessera_platform::http::Failure;

/// What somebody may call their ticket.
pub(super) const HOSTILE: &str =
    "\"><script>alert('1')</script><img src=x onerror=alert(1)>{{ page }}";
pub(super) const SELLER: &str = "01890000-0000-7000-8000-000000000001";
pub(super) const BUYER: &str = "01890000-0000-7000-8000-000000000002";
const ORDER: &str = "01890000-0000-7000-8000-000000000003";
const TICKET: &str = "01890000-0000-7000-8000-000000000004";

pub(super) fn user(id: &str) -> User {
    User {
        id: id.parse().unwrap(),
        email: format!("{HOSTILE}@example.com"),
    }
}

/// One that says everything, and one that says the least that it may.
pub(super) fn tickets(status: &str, starts_at: Option<&str>) -> Vec<Ticket> {
    let starts_at = starts_at.unwrap_or("2030-06-01T18:30:00Z");
    let holder = matches!(status, "reserved" | "sold").then_some(ORDER);
    let bare = json!({
        "id": TICKET, "version": 3, "userId": SELLER, "title": HOSTILE, "price": "120.00", "fee": "0.00", "total": "120.00",
        "currency": "usd", "status": status, "orderId": holder,
        "createdAt": "2029-12-01T10:00:00Z", "updatedAt": "2029-12-02T10:00:00Z",
    });
    let mut full = bare.clone();
    for (name, value) in [
        ("category", HOSTILE),
        ("venue", HOSTILE),
        ("city", HOSTILE),
        ("country", "AT"),
        ("startsAt", starts_at),
        ("timeZone", "Europe/Vienna"),
        ("section", HOSTILE),
        ("row", HOSTILE),
        ("seat", "Row Seat 7"),
        ("fee", "6.00"),
        ("total", "126.00"),
    ] {
        full[name] = Value::from(value);
    }
    [full, bare]
        .map(|json| serde_json::from_value(json).unwrap())
        .to_vec()
}

pub(super) fn order_in(status: &str, reason: Option<&str>) -> Order {
    let order = json!({
        "id": ORDER, "version": 2, "userId": BUYER, "status": status, "cancelReason": reason,
        "expiresAt": "2030-01-01T12:15:00Z", "price": "120.00", "fee": "6.00", "total": "126.00", "currency": "usd",
        "ticket": {
            "id": TICKET, "version": 3, "userId": SELLER, "title": HOSTILE, "price": "120.00", "currency": "usd",
            "venue": HOSTILE, "city": HOSTILE, "country": "AT", "startsAt": "2030-06-01T18:30:00Z",
            "timeZone": "Europe/Vienna", "section": HOSTILE, "row": "Q", "seat": HOSTILE,
        },
        "createdAt": "2030-01-01T12:00:00Z", "updatedAt": "2030-01-01T12:00:01Z",
    });
    serde_json::from_value(order).unwrap()
}

/// Of the built-in gateway, of Stripe, and of Stripe without a form.
pub(super) fn gateways() -> [Settings; 3] {
    let stripe = Settings {
        card_form: Some(CardForm {
            publishable_key: format!("pk_{HOSTILE}"),
            script: "https://js.stripe.com/endive/stripe.js".parse().unwrap(),
        }),
        ..Settings::for_tests()
    };
    let without_form = Settings {
        stripe: Some(StripeSettings {
            key: Secret::new("sk_never_shown"),
            webhook_secrets: Vec::new(),
            api_base: "https://api.stripe.com".parse().unwrap(),
            answer_within: Duration::from_secs(8),
        }),
        ..Settings::for_tests()
    };
    [Settings::for_tests(), stripe, without_form]
}

/// None, one in each state, several that were declined, one that waits for a bank, and some that were given back.
pub(super) fn payments() -> Vec<Vec<Payment>> {
    let payment = |status: &str, code: Option<&str>| -> Payment {
        let payment = json!({
            "id": ORDER, "orderId": ORDER, "status": status, "declineCode": code, "amount": "126.00", "currency": "usd",
            "createdAt": "2030-01-01T12:01:00Z",
        });
        serde_json::from_value(payment).unwrap()
    };
    let mut all = vec![Vec::new()];
    all.extend(
        PaymentStatus::ALL
            .iter()
            .map(|status| vec![payment(status.as_str(), None)]),
    );
    let declined = |code| payment("declined", Some(code));
    all.push(vec![
        declined("insufficient_funds"),
        declined("expired_card"),
    ]);
    all.push(vec![
        declined(HOSTILE),
        declined("generic_decline"),
        declined(HOSTILE),
    ]);
    all.push(vec![declined("expired_card"), payment("captured", None)]);
    all.push(vec![declined("not_processed")]);
    let asked = Payment {
        client_secret: Some(HOSTILE.to_owned()),
        ..payment("requires_action", None)
    };
    all.push(vec![asked.clone()]);
    all.push(vec![
        declined("expired_card"),
        declined("expired_card"),
        asked,
    ]);
    for refunded in ["40.00", "126.00"] {
        all.push(vec![Payment {
            refunded: Some(refunded.into()),
            ..payment("captured", None)
        }]);
    }
    all
}

/// In each state that a balance may be in.
pub(super) fn balances() -> Vec<Balance> {
    let balance = |currency: &str, payable: &str, frozen: &str| {
        let balance = json!({ "currency": currency, "payable": payable, "frozen": frozen, "paidOut": "1250.00" });
        serde_json::from_value(balance).unwrap()
    };
    vec![
        balance("usd", "108.00", "0.00"),
        balance("eur", "-12.50", "12.50"),
        balance("jpy", "0", "0"),
    ]
}

/// A statement with a line of each kind, whole and bare.
pub(super) fn statement() -> Vec<StatementLine> {
    let line = |kind: StatementKind, amount: &str, text: Option<&str>| {
        let line = json!({
            "id": ORDER, "at": "2030-01-01T12:01:00Z", "kind": kind.as_str(), "orderId": text.map(|_| ORDER),
            "title": text, "amount": amount, "currency": "usd", "note": text,
        });
        serde_json::from_value(line).unwrap()
    };
    let kinds = StatementKind::ALL.iter();
    let lines = kinds.flat_map(|kind| {
        [
            line(*kind, "108.00", Some(HOSTILE)),
            line(*kind, "-108.00", None),
        ]
    });
    lines.collect()
}

pub(super) fn problem_with(status: u16, code: &str, fields: &[&str]) -> Problem {
    let errors = fields.iter().map(|field| ProblemError {
        message: HOSTILE.to_owned(),
        field: Some((*field).to_owned()),
    });
    Problem::new(status, HOSTILE, code, HOSTILE).with_errors(errors.collect())
}

pub(super) fn refusal(fields: &[&str]) -> Failure {
    let problem = problem_with(400, "validation_failed", fields);
    Failure::relayed(StatusCode::BAD_REQUEST, problem, None)
}
