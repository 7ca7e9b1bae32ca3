//! What two transactions come to that meet at one listing, or at one seller. Only a server lets them.

use std::sync::Arc;

use serde_json::{Value, json};
use tessera_contracts::events::{EventData, OrderState, UserState};
use tessera_contracts::{CancelReason, Currency, OrderId, OrderStatus, Price, TicketId, UserId};
use tessera_platform::consumer::ConsumeError;
use tessera_platform::db::{Db, DbError};
use tessera_platform::http::IfMatch;
use tessera_platform::testing::{Halt, TestApp, TestUser, are_several_writers, meet};
use uuid::Uuid;

use super::{Create, Edit, create, edit, lock};
use crate::consumers::{order_cancelled, user_deleted};
use crate::domain::{Change, Details, Ticket, Title};
use crate::store::{market, tickets, waiting};

/// A listing, its seller, and how to get hold of it.
struct Scene {
    app: TestApp,
    seller: TestUser,
    ticket: TicketId,
}

impl Scene {
    async fn open() -> Scene {
        let app = TestApp::start(&[crate::DEFINITION]).await;
        let seller = app.sign_in();
        let offer = json!({ "title": "Hamlet", "price": "120.00" });
        let listed = app.post("/api/tickets", offer).by(&seller).send().await;
        Scene {
            ticket: listed.id(),
            seller,
            app,
        }
    }

    /// With an order that has the ticket.
    async fn reserved() -> (Scene, OrderState) {
        let scene = Scene::open().await;
        let holder = scene.order();
        scene.publish(created(&holder)).await;
        assert_eq!(
            scene.standing().await,
            ("reserved".to_owned(), Some(holder.id))
        );
        (scene, holder)
    }

    fn db(&self) -> &Db {
        self.app.db("tickets")
    }

    /// An order of the listing as it was made.
    fn order(&self) -> OrderState {
        let (id, buyer) = (self.app.ids.next(), self.app.ids.next());
        serde_json::from_value(json!({
            "id": id, "version": 0, "status": "created", "userId": buyer, "expiresAt": "2030-01-01T12:15:00Z",
            "price": "120.00", "fee": "0.00", "total": "120.00", "currency": "usd",
            "ticket": {
                "id": self.ticket, "version": 1, "userId": self.seller.id, "title": "Hamlet",
                "price": "120.00", "currency": "usd"
            }
        }))
        .unwrap()
    }

    async fn publish(&self, data: EventData) {
        self.app.publish(data).await;
    }

    async fn standing(&self) -> (String, Option<OrderId>) {
        let path = format!("/api/tickets/{}", self.ticket);
        let shown = self.app.get(&path).send().await;
        let order = shown.body["orderId"].as_str();
        (shown.text("status"), order.map(|id| id.parse().unwrap()))
    }

    /// What a request to the listing is refused with.
    async fn refusal(&self, method: &str, body: Option<Value>, if_match: &str) -> (u16, String) {
        let path = format!("/api/tickets/{}", self.ticket);
        let call = self.app.call(method.parse().unwrap(), &path, body);
        let call = call.by(&self.seller).header("if-match", if_match);
        let answer = call.send().await;
        (answer.status.as_u16(), answer.text("code"))
    }

    /// Nothing waits, and no event failed.
    async fn is_tidy(&self) -> bool {
        let behind = self.db().write(self.ticket, |tx, ticket| {
            Box::pin(waiting::behind(tx, *ticket))
        });
        behind.await.unwrap().is_empty() && self.app.failed("tickets").await == 0
    }
}

fn created(order: &OrderState) -> EventData {
    EventData::OrderCreated(order.clone())
}

fn ended(order: &OrderState) -> OrderState {
    OrderState {
        version: 3,
        status: OrderStatus::Cancelled,
        cancel_reason: Some(CancelReason::Expired),
        ..order.clone()
    }
}

fn deleted(id: UserId) -> EventData {
    EventData::UserDeleted(UserState { id })
}

/// Locks the ticket for an order, and stands still.
async fn lock_and_stand(db: &Db, halt: &Arc<Halt>, order: &OrderState) {
    let locked = db.write((order.clone(), halt.clone()), |tx, (order, halt)| {
        Box::pin(async move {
            let ticket = tickets::hold(tx, order.ticket.id).await?;
            let locked = lock(tx, ticket, order).await;
            halt.stand().await;
            locked
        })
    });
    locked.await.unwrap();
}

/// Hears of an order's end, and stands still.
async fn end_and_stand(db: &Db, halt: &Arc<Halt>, order: &OrderState) {
    let released = db.write((ended(order), halt.clone()), |tx, (order, halt)| {
        Box::pin(async move {
            let heard = order_cancelled::handle(tx, order).await.map_err(of_db);
            halt.stand().await;
            heard
        })
    });
    released.await.unwrap();
}

/// Changes the title, and stands still.
async fn edit_and_stand(scene: &Scene, halt: &Arc<Halt>) -> Ticket {
    let change = Edit {
        id: scene.ticket,
        user_id: scene.seller.id,
        if_match: IfMatch::any(),
        change: Change {
            title: Some(Title::parse("HAMLET").unwrap()),
            ..Change::default()
        },
        completed_from: None,
    };
    let edited = scene
        .db()
        .write((change, halt.clone()), |tx, (change, halt)| {
            Box::pin(async move {
                let edited = edit(tx, change).await;
                halt.stand().await;
                edited
            })
        });
    edited.await.unwrap()
}

fn of_db(error: ConsumeError) -> DbError {
    match error {
        ConsumeError::Db(error) => error,
        ConsumeError::Handler(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn an_order_that_comes_during_a_release_gets_the_ticket() {
    if !are_several_writers() {
        return;
    }
    // It waits already, or is about to, when the holder lets go.
    let (scene, holder) = Scene::reserved().await;
    let (next, halt) = (scene.order(), Arc::new(Halt::new()));
    let waits = lock_and_stand(scene.db(), &halt, &next);
    let release = scene.publish(EventData::OrderCancelled(ended(&holder)));
    meet(scene.db(), &halt, waits, release).await;
    assert_eq!(
        scene.standing().await,
        ("reserved".to_owned(), Some(next.id))
    );
    assert!(scene.is_tidy().await);

    let (scene, holder) = Scene::reserved().await;
    let (next, halt) = (scene.order(), Arc::new(Halt::new()));
    let release = end_and_stand(scene.db(), &halt, &holder);
    meet(scene.db(), &halt, release, scene.publish(created(&next))).await;
    assert_eq!(
        scene.standing().await,
        ("reserved".to_owned(), Some(next.id))
    );
    assert!(scene.is_tidy().await);
}

#[tokio::test]
async fn an_order_that_ends_while_the_ticket_is_handed_to_it_does_not_keep_it() {
    if !are_several_writers() {
        return;
    }
    let (scene, holder) = Scene::reserved().await;
    let next = scene.order();
    scene.publish(created(&next)).await;
    let halt = Arc::new(Halt::new());
    let end = end_and_stand(scene.db(), &halt, &next);
    let release = scene.publish(EventData::OrderCancelled(ended(&holder)));
    meet(scene.db(), &halt, end, release).await;
    assert_eq!(scene.standing().await, ("available".to_owned(), None));
    assert!(scene.is_tidy().await);
}

#[tokio::test]
async fn a_seller_who_meets_an_order_is_told_what_came_of_it() {
    if !are_several_writers() {
        return;
    }
    let title = json!({ "title": "HAMLET" });
    for (method, body) in [("PUT", Some(title)), ("DELETE", None)] {
        let scene = Scene::open().await;
        let (order, halt) = (scene.order(), Arc::new(Halt::new()));
        let locks = lock_and_stand(scene.db(), &halt, &order);
        let (_, refusal) = meet(scene.db(), &halt, locks, scene.refusal(method, body, "*")).await;
        assert_eq!(refusal, (409, "ticket_reserved".to_owned()));
    }
}

#[tokio::test]
async fn of_two_edits_of_one_version_the_second_is_told_so() {
    if !are_several_writers() {
        return;
    }
    let scene = Scene::open().await;
    let halt = Arc::new(Halt::new());
    let first = edit_and_stand(&scene, &halt);
    let second = scene.refusal("PUT", Some(json!({ "title": "Hamlet!" })), "\"1\"");
    let (first, second) = meet(scene.db(), &halt, first, second).await;
    assert_eq!(first.version, 2);
    assert_eq!(second, (412, "version_changed".to_owned()));
}

#[tokio::test]
async fn an_order_that_meets_an_edit_is_told_that_the_listing_changed() {
    if !are_several_writers() {
        return;
    }
    let scene = Scene::open().await;
    let halt = Arc::new(Halt::new());
    let change = edit_and_stand(&scene, &halt);
    let order = scene.order();
    let (_, ()) = meet(scene.db(), &halt, change, scene.publish(created(&order))).await;
    assert_eq!(scene.standing().await, ("available".to_owned(), None));
    let told = scene.app.published_types("tickets").await;
    assert_eq!(told, ["ticket:created", "ticket:updated", "ticket:refused"]);
    assert!(scene.is_tidy().await);
}

/// Lists another ticket of the same seller, and stands still.
async fn list_and_stand(scene: &Scene, halt: &Arc<Halt>) -> Ticket {
    let price = Price::parse("120", Currency::USD).unwrap();
    let wish = Create {
        id: scene.app.ids.next().into(),
        user_id: scene.seller.id,
        details: Details::bare(Title::parse("Hamlet").unwrap(), price),
    };
    let listed = scene.db().write((wish, halt.clone()), |tx, (wish, halt)| {
        Box::pin(async move {
            let listed = create(tx, wish).await;
            halt.stand().await;
            listed
        })
    });
    listed.await.unwrap()
}

#[tokio::test]
async fn no_listing_outlives_its_seller() {
    if !are_several_writers() {
        return;
    }
    let scene = Scene::open().await;
    let halt = Arc::new(Halt::new());
    let lists = list_and_stand(&scene, &halt);
    let (_, ()) = meet(
        scene.db(),
        &halt,
        lists,
        scene.publish(deleted(scene.seller.id)),
    )
    .await;
    scene.app.settle().await;
    let listed = scene
        .app
        .get("/api/tickets?seller=me")
        .by(&scene.seller)
        .send()
        .await;
    let listings = listed.body.as_array().unwrap().iter();
    let left: Vec<_> = listings.map(|listing| &listing["status"]).collect();
    assert_eq!(left, ["withdrawn", "withdrawn"]);
}

#[tokio::test]
async fn nothing_is_listed_while_its_seller_leaves() {
    if !are_several_writers() {
        return;
    }
    let scene = Scene::open().await;
    let halt = Arc::new(Halt::new());
    let user = UserState {
        id: scene.seller.id,
    };
    let leaves = scene.db().write((user, halt.clone()), |tx, (user, halt)| {
        Box::pin(async move {
            let heard = user_deleted::handle(tx, user).await.map_err(of_db);
            halt.stand().await;
            heard
        })
    });
    let offer = json!({ "title": "Hamlet", "price": "120.00" });
    let lists = scene
        .app
        .post("/api/tickets", offer)
        .by(&scene.seller)
        .send();
    let (left, listed) = meet(scene.db(), &halt, leaves, lists).await;
    left.unwrap();
    assert_eq!(listed.status, 401, "{}", listed.body);
}

#[tokio::test]
async fn a_ticket_that_is_released_while_its_seller_leaves_is_withdrawn() {
    if !are_several_writers() {
        return;
    }
    let (scene, holder) = Scene::reserved().await;
    let halt = Arc::new(Halt::new());
    let release = end_and_stand(scene.db(), &halt, &holder);
    meet(
        scene.db(),
        &halt,
        release,
        scene.publish(deleted(scene.seller.id)),
    )
    .await;
    scene.app.settle().await;
    assert_eq!(scene.standing().await, ("withdrawn".to_owned(), None));
    assert!(scene.is_tidy().await);
}

async fn set_aside(scene: &Scene) {
    let ids = vec![scene.ticket];
    let set_aside = scene
        .db()
        .write_bulk(ids, |tx, ids| Box::pin(market::set_aside(tx, ids)));
    set_aside.await.unwrap();
}

async fn is_aside(scene: &Scene) -> bool {
    let all = market::aside(scene.db(), Uuid::nil().into(), 9).await;
    !all.unwrap().is_empty()
}

#[tokio::test]
async fn a_listing_that_is_about_to_be_free_is_not_set_aside() {
    if !are_several_writers() {
        return;
    }
    let (scene, holder) = Scene::reserved().await;
    let halt = Arc::new(Halt::new());
    let release = end_and_stand(scene.db(), &halt, &holder);
    meet(scene.db(), &halt, release, set_aside(&scene)).await;
    assert!(!is_aside(&scene).await);
    assert_eq!(scene.standing().await, ("available".to_owned(), None));
}

/// Nobody else does anything meanwhile: what is left aside would be found, after a while.
#[tokio::test]
async fn a_release_puts_back_what_was_set_aside() {
    let (scene, holder) = Scene::reserved().await;
    set_aside(&scene).await;
    assert!(is_aside(&scene).await);
    let released = scene.db().write(ended(&holder), |tx, order| {
        Box::pin(async move { order_cancelled::handle(tx, order).await.map_err(of_db) })
    });
    released.await.unwrap();
    assert!(!is_aside(&scene).await);
}
