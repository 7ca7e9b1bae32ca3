//! All services in one process over real databases, with a clock that the test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::{Value, json};
use tessera_contracts::events::{EventData, ExpirationComplete};
use tessera_platform::config::Settings;
use tessera_platform::testing::{Answer, TestApp, TestUser};

/// A marketplace with a seller. Events travel in [`TestApp::settle`], and at no other time.
#[derive(Clone)]
pub struct Market {
    /// The services.
    pub app: Arc<TestApp>,
    /// Somebody who sells.
    pub seller: TestUser,
}

/// When something happens, while the events of something else travel.
#[derive(Clone, Copy, Debug)]
pub enum Moment {
    /// Before the first of them leaves.
    Before,
    /// While they travel: as soon as somebody has looked at the marketplace so many times.
    Amid(usize),
    /// Once all have arrived.
    After,
}

impl Moment {
    /// The first round is before, the last one after, and each of the others a little later on
    /// the way than the one before it.
    pub fn of(round: usize, rounds: usize) -> Moment {
        match round {
            0 => Moment::Before,
            last if last + 1 == rounds => Moment::After,
            amid => Moment::Amid(amid - 1),
        }
    }
}

impl Market {
    /// Opens it.
    pub async fn open() -> Market {
        Market::open_with(|_| {}).await
    }

    /// Opens it with settings of the test's own.
    pub async fn open_with(change: impl FnOnce(&mut Settings)) -> Market {
        let app = Arc::new(TestApp::start_with(tessera::SERVICES, change).await);
        let seller = app.sign_in();
        Market { app, seller }
    }

    /// Lists a ticket for 120.00, and lets everybody hear of it.
    pub async fn list(&self) -> String {
        let body =
            json!({ "title": "Hamlet", "price": "120.00", "startsAt": "2030-06-01T18:30:00Z" });
        let listed = self
            .app
            .post("/api/tickets", body)
            .by(&self.seller)
            .send()
            .await;
        assert_eq!(listed.status, 201, "{}", listed.body);
        self.app.settle().await;
        listed.text("id")
    }

    /// Asks for a ticket; nothing has travelled yet when it answers.
    pub async fn reserve(&self, buyer: &TestUser, ticket: &str) -> Answer {
        self.app
            .post("/api/orders", json!({ "ticketId": ticket }))
            .by(buyer)
            .send()
            .await
    }

    /// An order that may be paid.
    pub async fn awaiting_payment(&self, buyer: &TestUser) -> String {
        let ticket = self.list().await;
        let reserved = self.reserve(buyer, &ticket).await;
        assert_eq!(reserved.status, 201, "{}", reserved.body);
        self.app.settle().await;
        reserved.text("id")
    }

    /// Pays an order with this card; nothing has travelled yet when it answers.
    pub async fn pay(&self, buyer: &TestUser, order: &str, token: &str) -> Answer {
        let body = json!({ "orderId": order, "token": token });
        self.app.post("/api/payments", body).by(buyer).send().await
    }

    /// Cancels an order.
    pub async fn cancel(&self, buyer: &TestUser, order: &str) -> Answer {
        self.app
            .delete(&format!("/api/orders/{order}"))
            .by(buyer)
            .send()
            .await
    }

    /// Tells orders that the time of an order is over, as a replica of expiration whose clock is
    /// ahead might.
    pub async fn nudge(&self, order: &str) {
        let order_id = order.parse().expect("the id of an order");
        let nudge = EventData::ExpirationComplete(ExpirationComplete { order_id });
        let event = self.app.event(nudge);
        self.app.deliver(&[&event]).await;
    }

    /// Does something at this moment of the travel of the events that wait to leave, and answers
    /// once all of them, and those that came of it, have arrived: what was done, and whether both
    /// were under way at once, so that neither was through before the other began.
    pub async fn meanwhile<T>(&self, moment: Moment, act: impl Future<Output = T>) -> (T, bool) {
        let met = match moment {
            Moment::Before => (act.await, false),
            Moment::Amid(looks) => self.amid(looks, act).await,
            Moment::After => {
                self.app.settle().await;
                (act.await, false)
            }
        };
        self.app.settle().await;
        met
    }

    async fn amid<T>(&self, looks: usize, act: impl Future<Output = T>) -> (T, bool) {
        let (app, has_left) = (self.app.clone(), Arc::new(AtomicBool::new(false)));
        let travel = tokio::spawn({
            let has_left = has_left.clone();
            async move {
                has_left.store(true, Ordering::Relaxed);
                app.settle().await;
            }
        });
        for _ in 0..looks {
            self.app.get("/api/tickets").send().await;
        }
        let is_late = travel.is_finished();
        let done = act.await;
        let is_early = !has_left.load(Ordering::Relaxed);
        travel.await.expect("the events travel");
        (done, !is_late && !is_early)
    }

    /// An order as its buyer sees it.
    pub async fn order(&self, buyer: &TestUser, order: &str) -> Value {
        let shown = self
            .app
            .get(&format!("/api/orders/{order}"))
            .by(buyer)
            .send()
            .await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        shown.body
    }

    /// A ticket as everybody sees it.
    pub async fn ticket(&self, ticket: &str) -> Value {
        let shown = self.app.get(&format!("/api/tickets/{ticket}")).send().await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        shown.body
    }

    /// The states of an order's payments, the oldest first.
    pub async fn payments(&self, buyer: &TestUser, order: &str) -> Vec<String> {
        let shown = self
            .app
            .get(&format!("/api/payments?orderId={order}"))
            .by(buyer)
            .send()
            .await;
        assert_eq!(shown.status, 200, "{}", shown.body);
        let all = shown.body.as_array().expect("a list").iter();
        all.map(|payment| payment["status"].as_str().expect("a status").to_owned())
            .collect()
    }
}

/// How often each status was answered.
pub fn count(answers: &[Answer], status: u16) -> usize {
    answers
        .iter()
        .filter(|answer| answer.status == status)
        .count()
}
