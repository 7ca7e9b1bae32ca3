//! One listed ticket, and orders with names that ask for it.

use serde_json::{Value, json};
use tessera_contracts::events::{Event, EventData, OrderState};
use tessera_contracts::{CancelReason, OrderId, OrderStatus, TicketId};
use tessera_platform::testing::{Answer, TestApp, TestUser};

/// Starts tickets alone.
pub async fn tickets() -> TestApp {
    TestApp::start(&[tessera_tickets::DEFINITION]).await
}

/// A ticket as a seller offers it.
pub fn offer() -> Value {
    json!({
        "title": "Mahler: Symphony No. 2", "price": "120.00", "category": "concert",
        "venue": "Carnegie Hall", "city": "New York", "country": "US",
        "startsAt": "2031-05-01T23:30:00Z", "timeZone": "America/New_York",
        "section": "Parquet", "row": "M", "seat": "14"
    })
}

/// `body` with the members of `change` in their place.
pub fn with(mut body: Value, change: Value) -> Value {
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// Lists a ticket.
pub async fn list(app: &TestApp, seller: &TestUser, body: Value) -> Answer {
    let answer = app.post("/api/tickets", body).by(seller).send().await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    answer
}

/// All that a refusal of a body says, a line each.
pub fn errors(answer: &Answer) -> Vec<String> {
    assert_eq!(
        (answer.status.as_u16(), answer.text("code").as_str()),
        (400, "validation_failed")
    );
    let error =
        |error: &Value| format!("{}: {}", error["field"], error["message"]).replace('"', "");
    answer.body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(error)
        .collect()
}

/// A refusal as it is answered, whole.
pub fn refusal(status: u16, title: &str, code: &str, detail: &str) -> Value {
    json!({ "status": status, "body": {
        "type": "about:blank", "title": title, "status": status, "detail": detail, "code": code,
        "errors": [{ "message": detail }],
    }})
}

/// A refusal of fields, all at once.
pub fn invalid(errors: &[(&str, &str)]) -> Value {
    let detail = match errors {
        [(_, message)] => message,
        _ => "Some fields are not valid.",
    };
    let mut expected = refusal(400, "Bad Request", "validation_failed", detail);
    let error = |(field, message): &(&str, &str)| json!({ "field": field, "message": message });
    expected["body"]["errors"] = errors.iter().map(error).collect();
    expected
}

pub fn conflict(code: &str, detail: &str) -> Value {
    refusal(409, "Conflict", code, detail)
}

pub fn not_signed_in() -> Value {
    let detail = "Please sign in first.";
    refusal(401, "Unauthorized", "not_signed_in", detail)
}

pub fn not_your_ticket() -> Value {
    let detail = "This ticket is not yours.";
    refusal(403, "Forbidden", "not_your_ticket", detail)
}

pub fn no_such_ticket() -> Value {
    let detail = "There is no such ticket.";
    refusal(404, "Not Found", "ticket_not_found", detail)
}

/// To its seller, while an order has the ticket.
pub fn reserved() -> Value {
    let detail = "Somebody is buying this ticket, so it cannot be changed right now.";
    conflict("ticket_reserved", detail)
}

pub fn sold() -> Value {
    conflict("ticket_sold", "This ticket is sold.")
}

/// The scene of most tests: one ticket for sale.
pub struct Stage {
    pub app: TestApp,
    pub seller: TestUser,
    pub ticket: TicketId,
    orders: Vec<(OrderId, &'static str)>,
}

impl Stage {
    pub async fn open() -> Stage {
        let app = tickets().await;
        let seller = app.sign_in();
        let ticket = list(&app, &seller, offer()).await.id();
        Stage {
            app,
            seller,
            ticket,
            orders: Vec::new(),
        }
    }

    /// The path of the ticket.
    pub fn path(&self) -> String {
        format!("/api/tickets/{}", self.ticket)
    }

    /// An order of the ticket as its buyer saw it at version `seen`: not published yet.
    pub fn order(&mut self, name: &'static str, seen: i64) -> OrderState {
        let order = self.app.ids.next().into();
        self.orders.push((order, name));
        let seller = self.seller.id;
        serde_json::from_value(json!({
            "id": order, "version": 0, "status": "created", "userId": self.app.ids.next(),
            "expiresAt": "2030-01-01T12:15:00Z",
            "price": "120.00", "fee": "0.00", "total": "120.00", "currency": "usd",
            "ticket": {
                "id": self.ticket, "version": seen, "userId": seller,
                "title": "Mahler: Symphony No. 2", "price": "120.00", "currency": "usd"
            }
        }))
        .unwrap()
    }

    pub async fn publish(&self, data: EventData) -> Event {
        self.app.publish(data).await
    }

    /// An order that got the ticket.
    pub async fn holder(&mut self, name: &'static str) -> OrderState {
        let order = self.order(name, 1);
        self.publish(created(&order)).await;
        assert_eq!(self.standing().await.split_whitespace().nth(2), Some(name));
        order
    }

    /// Changes the title.
    pub async fn edit(&self) -> Answer {
        let title = format!("Mahler, {}", self.app.ids.next());
        let edit = self.app.put(&self.path(), json!({ "title": title }));
        edit.by(&self.seller).send().await
    }

    /// Where the ticket stands: "v2 reserved A".
    pub async fn standing(&self) -> String {
        let ticket = self.app.get(&self.path()).send().await.body;
        let order = ticket["orderId"].as_str();
        let name = order.map(|id| self.name(id.parse().unwrap()));
        let status = ticket["status"].as_str().unwrap();
        format!("v{} {status} {}", ticket["version"], name.unwrap_or("-"))
    }

    /// What tickets has published since the listing: "v2 reserved A", "v2 refused A changed".
    pub async fn news(&self) -> Vec<String> {
        let events = self.app.published("tickets").await;
        events
            .iter()
            .skip(1)
            .map(|event| self.line(event))
            .collect()
    }

    fn line(&self, event: &Event) -> String {
        match &event.data {
            EventData::TicketUpdated(state) => {
                let name = state.order_id.map(|order| self.name(order));
                format!(
                    "v{} {} {}",
                    state.version,
                    state.status,
                    name.unwrap_or("-")
                )
            }
            EventData::TicketRefused(refused) => {
                let name = self.name(refused.order_id);
                format!("v{} refused {name} {}", refused.version, refused.reason)
            }
            other => panic!("an event of no change: {other:?}"),
        }
    }

    fn name(&self, order: OrderId) -> &'static str {
        let named = self.orders.iter().find(|(id, _)| *id == order);
        named.map_or("?", |(_, name)| name)
    }

    /// How many orders wait behind the holder.
    pub async fn waiting(&self) -> i64 {
        self.count("SELECT count(*) FROM waiting").await
    }

    /// The errors of the events that nobody will try again.
    pub async fn dead(&self) -> Vec<String> {
        let sql = "SELECT error FROM inbox WHERE state = 'dead' ORDER BY event_id";
        let rows: Vec<(String,)> = self.app.db("tickets").list(sql, &[]).await.unwrap();
        rows.into_iter().map(|(error,)| error).collect()
    }

    pub async fn count(&self, sql: &str) -> i64 {
        let row: Option<(i64,)> = self.app.db("tickets").opt(sql, &[]).await.unwrap();
        row.unwrap().0
    }
}

pub fn created(order: &OrderState) -> EventData {
    EventData::OrderCreated(order.clone())
}

/// Its end without the ticket, two versions later.
pub fn cancelled(order: &OrderState, reason: CancelReason) -> EventData {
    EventData::OrderCancelled(OrderState {
        version: order.version + 3,
        status: OrderStatus::Cancelled,
        cancel_reason: Some(reason),
        ..order.clone()
    })
}

pub fn expired(order: &OrderState) -> EventData {
    cancelled(order, CancelReason::Expired)
}

pub fn completed(order: &OrderState) -> EventData {
    EventData::OrderCompleted(OrderState {
        version: order.version + 2,
        status: OrderStatus::Complete,
        ..order.clone()
    })
}
