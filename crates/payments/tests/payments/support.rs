//! Payments alone over its own database: the test plays orders by its events.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tessera_contracts::events::{EventData, OrderState};
use tessera_contracts::{CancelReason, OrderId, OrderStatus, PaymentId};
use tessera_payments::gateway::test_gateway::BOOK;
use tessera_payments::testing::Faults;
use tessera_platform::config::Settings;
use tessera_platform::testing::{Answer, TestApp, TestUser};

pub const DECLINED: &str = "tok_chargeDeclined";

/// Payments, with a buyer, and the faults that are planned for its gateway.
pub struct Payments {
    pub app: TestApp,
    pub buyer: TestUser,
    pub faults: Faults,
    settings: Settings,
}

impl Payments {
    pub async fn start() -> Payments {
        Payments::start_with(|_| {}).await
    }

    pub async fn start_with(change: impl FnOnce(&mut Settings)) -> Payments {
        let mut kept = None;
        let app = TestApp::start_with(&[tessera_payments::testing::DEFINITION], |settings| {
            change(settings);
            kept = Some(settings.clone());
        })
        .await;
        let settings = kept.expect("the app was started with settings");
        Payments {
            buyer: app.sign_in(),
            faults: Faults::of(&settings.data_dir),
            app,
            settings,
        }
    }

    /// An order that orders has told nobody of yet: locked, in its version 1.
    pub fn order(&self) -> OrderState {
        let id: OrderId = self.app.ids.next().into();
        let data = json!({
            "id": id, "version": 1, "status": "awaiting:payment", "userId": self.buyer.id,
            "expiresAt": self.app.clock.now() + SignedDuration::from_secs(900),
            "price": "120.00", "fee": "0.00", "total": "120.00", "currency": "usd",
            "ticket": {
                "id": self.app.ids.next(), "version": 0, "userId": self.app.ids.next(),
                "price": "120.00", "currency": "usd", "title": "Hamlet",
            },
        });
        serde_json::from_value(data).unwrap()
    }

    /// An order that may be paid.
    pub async fn awaiting_payment(&self) -> OrderState {
        let order = self.order();
        self.app.publish(created(&order)).await;
        self.app.publish(locked(&order)).await;
        order
    }

    /// An order whose card is authorized, and the payment.
    pub async fn authorized(&self) -> (OrderState, PaymentId) {
        let order = self.awaiting_payment().await;
        let payment = self.pay(&order, "tok_visa").await.id();
        (order, payment)
    }

    pub async fn pay(&self, order: &OrderState, token: &str) -> Answer {
        self.app
            .post("/api/payments", wish(order, token))
            .by(&self.buyer)
            .send()
            .await
    }

    /// The same with an `Idempotency-Key`.
    pub async fn pay_under(&self, key: &str, order: &OrderState, token: &str) -> Answer {
        self.app
            .post("/api/payments", wish(order, token))
            .by(&self.buyer)
            .header("idempotency-key", key)
            .send()
            .await
    }

    pub async fn list(&self, order: &OrderState) -> Answer {
        self.app
            .get(&format!("/api/payments?orderId={}", order.id))
            .by(&self.buyer)
            .send()
            .await
    }

    /// Where a payment stands.
    pub async fn status(&self, payment: PaymentId) -> String {
        let path = format!("/api/payments/{payment}");
        let shown = self.app.get(&path).by(&self.buyer).send().await;
        shown.text("status")
    }

    /// Where the payments of an order stand, the newest first.
    pub async fn statuses(&self, order: &OrderState) -> Vec<String> {
        let listed = self.list(order).await;
        let rows = listed.body.as_array().expect("a list").iter();
        rows.map(|row| row["status"].as_str().expect("a status").to_owned())
            .collect()
    }

    /// The names of all events that payments has published, the oldest first.
    pub async fn published(&self) -> Vec<&'static str> {
        self.app.published_types("payments").await
    }

    /// All that the gateway ever did, from its own book.
    pub async fn book(&self) -> Vec<String> {
        let (place, tables) = (self.settings.place(), BOOK.migrations);
        let book = place.open_beside(BOOK.name, tables, &self.app.clock, &self.app.ids);
        let sql = "SELECT kind, amount, currency FROM movements ORDER BY id";
        let rows: Vec<(String, i64, String)> = book.await.unwrap().list(sql, &[]).await.unwrap();
        rows.into_iter()
            .map(|(kind, amount, currency)| format!("{kind} {amount} {currency}"))
            .collect()
    }

    /// Lets everything happen that is due within `millis` milliseconds.
    pub async fn pass_millis(&self, millis: i64) {
        self.app.pass(SignedDuration::from_millis(millis)).await;
    }
}

pub fn wish(order: &OrderState, token: &str) -> Value {
    json!({ "orderId": order.id, "token": token })
}

pub fn created(order: &OrderState) -> EventData {
    EventData::OrderCreated(OrderState {
        version: 0,
        status: OrderStatus::Created,
        ..order.clone()
    })
}

pub fn locked(order: &OrderState) -> EventData {
    EventData::OrderUpdated(order.clone())
}

pub fn completed(order: &OrderState) -> EventData {
    EventData::OrderCompleted(OrderState {
        version: 2,
        status: OrderStatus::Complete,
        ..order.clone()
    })
}

/// The order's end without the ticket. After a refused capture it was complete before.
pub fn cancelled(order: &OrderState, reason: CancelReason) -> EventData {
    let was_complete = reason == CancelReason::CaptureFailed;
    EventData::OrderCancelled(OrderState {
        version: if was_complete { 3 } else { 2 },
        status: OrderStatus::Cancelled,
        cancel_reason: Some(reason),
        ..order.clone()
    })
}

/// A refusal as it is answered, whole.
pub fn refusal(status: u16, title: &str, code: &str, detail: &str) -> Value {
    json!({ "status": status, "body": {
        "type": "about:blank", "title": title, "status": status, "detail": detail, "code": code,
        "errors": [{ "message": detail }],
    }})
}

pub fn conflict(code: &str, detail: &str) -> Value {
    refusal(409, "Conflict", code, detail)
}

/// A payment as it is shown.
pub fn payment(status: &str) -> Value {
    json!({
        "id": "[id]", "orderId": "[id]", "status": status, "amount": "120.00", "currency": "usd",
        "createdAt": "[time]",
    })
}

/// One millisecond before `moment`.
pub fn just_before(moment: Timestamp) -> Timestamp {
    moment - SignedDuration::from_millis(1)
}
