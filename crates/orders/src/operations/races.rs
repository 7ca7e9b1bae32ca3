//! What two transactions come to that meet at one buyer, or at one order. Only a server lets them.

use std::num::NonZeroU32;
use std::sync::Arc;

use jiff::SignedDuration;
use serde_json::json;
use tessera_contracts::events::{EventData, PaymentState, UserState};
use tessera_contracts::{CancelReason, Fees, OrderId, PaymentStatus, TicketId};
use tessera_platform::consumer::ConsumeError;
use tessera_platform::db::{Db, DbError};
use tessera_platform::testing::{Answer, Halt, TestApp, TestUser, are_several_writers, meet};

use super::{Changed, Reserve, reserve, transition};
use crate::consumers::user_deleted;
use crate::domain::{Order, Reservation, Rules};

/// A buyer, and some tickets for sale.
struct Scene {
    app: TestApp,
    buyer: TestUser,
    tickets: Vec<TicketId>,
}

impl Scene {
    /// In which a buyer may hold `most` unpaid orders.
    async fn open(most: u32) -> Scene {
        let limit = NonZeroU32::new(most);
        let app = TestApp::start_with(&[crate::DEFINITION], |settings| {
            settings.max_live_orders = limit;
        })
        .await;
        let mut tickets = Vec::new();
        for _ in 0..20 {
            let (id, seller) = (app.ids.next(), app.ids.next());
            let listed = json!({
                "id": id, "version": 1, "userId": seller, "title": "Hamlet", "price": "120.00",
                "currency": "usd", "status": "available", "orderId": null,
                "createdAt": "2030-01-01T12:00:00Z", "updatedAt": "2030-01-01T12:00:00Z"
            });
            let state = serde_json::from_value(listed).unwrap();
            app.publish(EventData::TicketCreated(state)).await;
            tickets.push(id.into());
        }
        Scene {
            buyer: app.sign_in(),
            app,
            tickets,
        }
    }

    fn db(&self) -> &Db {
        self.app.db("orders")
    }

    async fn reserve(&self, number: usize) -> Answer {
        let body = json!({ "ticketId": self.tickets[number] });
        self.app
            .post("/api/orders", body)
            .by(&self.buyer)
            .send()
            .await
    }

    /// Reserves a ticket, and stands still.
    async fn reserve_and_stand(&self, number: usize, most: u32, halt: &Arc<Halt>) -> OrderId {
        let wish = Reserve {
            ticket_id: self.tickets[number],
            wish: Reservation {
                id: self.app.ids.next().into(),
                user_id: self.buyer.id,
                price: None,
                total: None,
            },
            rules: Rules {
                lock: SignedDuration::from_secs(900),
                most_unpaid: Some(most),
                fees: Fees::default(),
            },
        };
        let reserved = self.db().write((wish, halt.clone()), |tx, (wish, halt)| {
            Box::pin(async move {
                let reserved = reserve(tx, wish).await;
                halt.stand().await;
                reserved
            })
        });
        reserved.await.unwrap().id
    }

    /// An order that may be paid.
    async fn awaiting_payment(&self) -> OrderId {
        let order = self.reserve(0).await.id();
        let locked = self.db().write(order, |tx, order| {
            Box::pin(transition(tx, *order, Order::locked))
        });
        assert_eq!(locked.await.unwrap(), Changed::Done);
        order
    }

    /// Takes a step of an order, and stands still.
    async fn step_and_stand(&self, order: OrderId, halt: &Arc<Halt>, step: Step) {
        let taken = self
            .db()
            .write((order, halt.clone()), move |tx, (order, halt)| {
                Box::pin(async move {
                    let taken = transition(tx, *order, step).await;
                    halt.stand().await;
                    taken
                })
            });
        assert_eq!(taken.await.unwrap(), Changed::Done);
    }

    async fn pay(&self, order: OrderId) {
        let payment = json!({
            "id": self.app.ids.next(), "version": 1, "orderId": order, "status": PaymentStatus::Authorized,
            "amount": "120.00", "currency": "usd"
        });
        let payment: PaymentState = serde_json::from_value(payment).unwrap();
        self.app.publish(EventData::PaymentCreated(payment)).await;
    }

    async fn status(&self, order: OrderId) -> String {
        let shown = self
            .app
            .get(&format!("/api/orders/{order}"))
            .by(&self.buyer);
        shown.send().await.text("status")
    }
}

type Step = fn(Order, jiff::Timestamp) -> Result<Order, crate::domain::Refused>;

#[tokio::test]
async fn the_limit_holds_for_those_who_reserve_at_once() {
    if !are_several_writers() {
        return;
    }
    // A buyer who is known, and one who is not yet.
    for most in [2, 1] {
        let scene = Scene::open(most).await;
        for number in 1..most {
            assert_eq!(scene.reserve(number as usize).await.status, 201);
        }
        let halt = Arc::new(Halt::new());
        let first = scene.reserve_and_stand(10, most, &halt);
        let (_, second) = meet(scene.db(), &halt, first, scene.reserve(11)).await;
        assert_eq!(
            (second.status.as_u16(), second.text("code")),
            (409, "too_many_orders".to_owned())
        );
    }
}

#[tokio::test]
async fn of_twenty_reservations_at_once_as_many_succeed_as_may() {
    let scene = Scene::open(3).await;
    let all = (0..20).map(|number| scene.reserve(number));
    let answers = futures_util::future::join_all(all).await;
    let with = |status: u16| {
        answers
            .iter()
            .filter(|answer| answer.status == status)
            .count()
    };
    assert_eq!((with(201), with(409)), (3, 17));
}

#[tokio::test]
async fn no_order_outlives_its_buyer() {
    if !are_several_writers() {
        return;
    }
    let scene = Scene::open(10).await;
    let halt = Arc::new(Halt::new());
    let reserves = scene.reserve_and_stand(0, 10, &halt);
    let id = scene.buyer.id;
    let leaves = scene.app.publish(EventData::UserDeleted(UserState { id }));
    let (order, _) = meet(scene.db(), &halt, reserves, leaves).await;
    assert_eq!(scene.status(order).await, "cancelled");
}

#[tokio::test]
async fn nothing_is_reserved_while_its_buyer_leaves() {
    if !are_several_writers() {
        return;
    }
    let scene = Scene::open(10).await;
    let halt = Arc::new(Halt::new());
    let user = UserState { id: scene.buyer.id };
    let leaves = scene.db().write((user, halt.clone()), |tx, (user, halt)| {
        Box::pin(async move {
            let heard = user_deleted::handle(tx, user).await.map_err(of_db);
            halt.stand().await;
            heard
        })
    });
    let (left, answer) = meet(scene.db(), &halt, leaves, scene.reserve(0)).await;
    left.unwrap();
    assert_eq!(answer.status, 401, "{}", answer.body);
    let listed = scene.app.get("/api/orders").by(&scene.buyer).send().await;
    assert_eq!(listed.body, json!([]));
}

#[tokio::test]
async fn a_buyer_who_cancels_while_the_order_completes_is_told_so() {
    if !are_several_writers() {
        return;
    }
    let scene = Scene::open(10).await;
    let order = scene.awaiting_payment().await;
    let halt = Arc::new(Halt::new());
    let completes = scene.step_and_stand(order, &halt, Order::completed);
    let path = format!("/api/orders/{order}");
    let cancels = scene.app.delete(&path).by(&scene.buyer).send();
    let ((), answer) = meet(scene.db(), &halt, completes, cancels).await;
    assert_eq!(
        (answer.status.as_u16(), answer.text("code")),
        (409, "order_complete".to_owned())
    );
}

#[tokio::test]
async fn a_payment_that_meets_the_end_of_its_order_fails_no_batch() {
    if !are_several_writers() {
        return;
    }
    let scene = Scene::open(10).await;
    let order = scene.awaiting_payment().await;
    let halt = Arc::new(Halt::new());
    let ends = scene.step_and_stand(order, &halt, |order, now| {
        order.cancelled(CancelReason::Expired, now)
    });
    meet(scene.db(), &halt, ends, scene.pay(order)).await;
    assert_eq!(scene.status(order).await, "cancelled");
    assert_eq!(scene.app.failed("orders").await, 0);
}

fn of_db(error: ConsumeError) -> DbError {
    match error {
        ConsumeError::Db(error) => error,
        ConsumeError::Handler(error) => panic!("{error}"),
    }
}
