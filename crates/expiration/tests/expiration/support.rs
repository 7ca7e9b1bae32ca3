//! A marketplace of expiration alone, and the orders that it hears of.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tessera_contracts::events::{EventData, OrderState};
use tessera_contracts::{CancelReason, OrderId, OrderStatus};
use tessera_platform::testing::TestApp;

/// How long the orders of these tests are locked.
pub const LOCK: SignedDuration = SignedDuration::from_mins(15);

pub const MILLISECOND: SignedDuration = SignedDuration::from_millis(1);

pub struct Expiration {
    pub app: TestApp,
}

impl Expiration {
    pub async fn start() -> Expiration {
        let app = TestApp::start(&[tessera_expiration::DEFINITION]).await;
        Expiration { app }
    }

    /// An order that is reserved now.
    pub fn order(&self) -> OrderState {
        self.order_until(self.app.clock.now() + LOCK)
    }

    /// An order whose lock ends at `expires_at`.
    pub fn order_until(&self, expires_at: Timestamp) -> OrderState {
        let id = self.app.ids.next();
        let state = json!({
            "id": id, "version": 0, "status": "created", "userId": id,
            "expiresAt": tessera_contracts::time::text(expires_at),
            "price": "120.00", "fee": "0.00", "total": "120.00", "currency": "usd",
            "ticket": {
                "id": id, "version": 0, "userId": id, "title": "Hamlet", "price": "120.00",
                "currency": "usd",
            },
        });
        serde_json::from_value(state).unwrap()
    }

    /// The orders that were told to be over, in the order in which they were.
    pub async fn told(&self) -> Vec<OrderId> {
        let published = self.app.published("expiration").await;
        let order = |data: EventData| match data {
            EventData::ExpirationComplete(complete) => complete.order_id,
            other => panic!("{other:?}"),
        };
        published
            .into_iter()
            .map(|event| order(event.data))
            .collect()
    }

    /// How many rows are in each state: waiting, told, ended.
    pub async fn rows(&self) -> [i64; 3] {
        let mut counts = [0; 3];
        for (state, count) in ["waiting", "told", "ended"].into_iter().zip(&mut counts) {
            let sql = format!("SELECT count(*) FROM deadlines WHERE state = '{state}'");
            let found = self.app.db("expiration").opt(&sql, &[]).await;
            (*count,) = found.unwrap().unwrap();
        }
        counts
    }
}

pub fn created(order: &OrderState) -> EventData {
    EventData::OrderCreated(order.clone())
}

pub fn completed(order: &OrderState) -> EventData {
    EventData::OrderCompleted(OrderState {
        version: 2,
        status: OrderStatus::Complete,
        ..order.clone()
    })
}

pub fn cancelled(order: &OrderState) -> EventData {
    EventData::OrderCancelled(OrderState {
        version: 3,
        status: OrderStatus::Cancelled,
        cancel_reason: Some(CancelReason::CancelledByBuyer),
        ..order.clone()
    })
}
