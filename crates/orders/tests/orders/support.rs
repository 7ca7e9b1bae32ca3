//! Orders alone over its own database: the test plays the other services by their events.

use serde_json::json;
use tessera_contracts::events::{EventData, ExpirationComplete, PaymentState, TicketState};
use tessera_contracts::{OrderId, PaymentStatus, TicketId, TicketStatus};
use tessera_platform::testing::{Answer, TestApp, TestUser};

/// Orders, with a buyer and a ticket for sale that tickets has told it of.
pub struct Orders {
    pub app: TestApp,
    pub buyer: TestUser,
    pub seller: TestUser,
    pub ticket: TicketState,
}

impl Orders {
    pub async fn start() -> Orders {
        Orders::with(TestApp::start(&[tessera_orders::DEFINITION]).await).await
    }

    pub async fn with(app: TestApp) -> Orders {
        let (buyer, seller) = (app.sign_in(), app.sign_in());
        let ticket = ticket(&app, &seller);
        app.publish(EventData::TicketCreated(ticket.clone())).await;
        Orders {
            app,
            buyer,
            seller,
            ticket,
        }
    }

    /// Another ticket of the same seller.
    pub async fn another_ticket(&self) -> TicketId {
        let ticket = ticket(&self.app, &self.seller);
        self.app
            .publish(EventData::TicketCreated(ticket.clone()))
            .await;
        ticket.id
    }

    pub async fn reserve(&self) -> Answer {
        self.reserve_by(&self.buyer, self.ticket.id).await
    }

    pub async fn reserve_by(&self, buyer: &TestUser, ticket: TicketId) -> Answer {
        self.app
            .post("/api/orders", json!({ "ticketId": ticket }))
            .by(buyer)
            .send()
            .await
    }

    pub async fn show(&self, order: OrderId) -> Answer {
        self.app
            .get(&format!("/api/orders/{order}"))
            .by(&self.buyer)
            .send()
            .await
    }

    pub async fn cancel(&self, order: OrderId) -> Answer {
        self.app
            .delete(&format!("/api/orders/{order}"))
            .by(&self.buyer)
            .send()
            .await
    }

    /// Status and cancel reason, in one word each.
    pub async fn state(&self, order: OrderId) -> (String, Option<String>) {
        let shown = self.show(order).await;
        (
            shown.text("status"),
            shown.body["cancelReason"].as_str().map(str::to_owned),
        )
    }

    /// The event by which tickets locks the ticket for an order.
    pub fn locked(&self, order: OrderId) -> EventData {
        EventData::TicketUpdated(TicketState {
            version: self.ticket.version + 1,
            edit_version: Some(self.ticket.version),
            status: TicketStatus::Reserved,
            order_id: Some(order),
            ..self.ticket.clone()
        })
    }

    pub fn nudge(&self, order: OrderId) -> EventData {
        EventData::ExpirationComplete(ExpirationComplete { order_id: order })
    }

    pub fn payment(&self, order: OrderId, status: PaymentStatus) -> PaymentState {
        PaymentState {
            id: self.app.ids.next().into(),
            version: 1,
            order_id: order,
            status,
            amount: "120.00".into(),
            currency: self.ticket.currency,
            refunded: None,
            gateway_id: None,
        }
    }

    /// An order that may be paid.
    pub async fn awaiting_payment(&self) -> OrderId {
        let order = self.reserve().await.id();
        self.app.publish(self.locked(order)).await;
        order
    }

    /// An order that is paid.
    pub async fn complete(&self) -> OrderId {
        let order = self.awaiting_payment().await;
        let payment = self.payment(order, PaymentStatus::Authorized);
        self.app.publish(EventData::PaymentCreated(payment)).await;
        order
    }
}

pub fn ticket(app: &TestApp, seller: &TestUser) -> TicketState {
    TicketState {
        id: app.ids.next().into(),
        version: 0,
        edit_version: Some(0),
        user_id: seller.id,
        title: "Hamlet".to_owned(),
        price: "120.00".into(),
        currency: "usd".parse().unwrap(),
        status: TicketStatus::Available,
        order_id: None,
        category: Some("theatre".to_owned()),
        venue: Some("Shakespeare's Globe".to_owned()),
        city: Some("London".to_owned()),
        country: Some("GB".to_owned()),
        starts_at: Some("2030-06-01T18:30:00Z".parse().unwrap()),
        time_zone: Some("Europe/London".to_owned()),
        section: Some("Yard".to_owned()),
        row: None,
        seat: Some("12".to_owned()),
        created_at: app.clock.now(),
        updated_at: app.clock.now(),
    }
}

/// A refusal as it is answered, whole.
pub fn refusal(status: u16, title: &str, code: &str, detail: &str) -> serde_json::Value {
    json!({ "status": status, "body": {
        "type": "about:blank", "title": title, "status": status, "detail": detail, "code": code,
        "errors": [{ "message": detail }],
    }})
}
