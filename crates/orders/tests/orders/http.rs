//! Every endpoint of orders: what it answers, and each of its refusals.

use std::time::Duration;

use crate::support::{Orders, refusal, ticket};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tessera_contracts::events::{EventData, TicketState};
use tessera_contracts::{OrderId, TicketStatus};
use tessera_platform::testing::TestApp;

fn not_signed_in() -> Value {
    refusal(
        401,
        "Unauthorized",
        "not_signed_in",
        "Please sign in first.",
    )
}

#[tokio::test]
async fn reserving_answers_the_order_and_publishes_it() {
    let orders = Orders::start().await;
    let answer = orders.reserve().await;
    assert_eq!(
        answer.shown(),
        json!({ "status": 201, "body": {
            "id": "[id]", "version": 0, "userId": "[id]", "status": "created", "cancelReason": null,
            "expiresAt": "[time]", "price": "120.00", "fee": "0.00", "total": "120.00", "currency": "usd",
            "ticket": {
                "id": "[id]", "version": 0, "userId": "[id]", "title": "Hamlet", "price": "120.00",
                "currency": "usd", "venue": "Shakespeare's Globe", "city": "London", "country": "GB",
                "startsAt": "[time]", "timeZone": "Europe/London", "section": "Yard", "row": null, "seat": "12",
            },
            "createdAt": "[time]", "updatedAt": "[time]",
        }})
    );
    assert_eq!(
        answer.header("location"),
        format!("/api/orders/{}", answer.text("id"))
    );
    assert_eq!(answer.text("expiresAt"), "2030-01-01T12:15:00.000Z");
    assert_eq!(
        orders.app.published_types("orders").await,
        ["order:created"]
    );
}

#[tokio::test]
async fn a_lock_never_lasts_past_the_start_of_the_event() {
    let orders = Orders::start().await;
    let soon = TicketState {
        starts_at: Some(orders.app.clock.now() + SignedDuration::from_secs(60)),
        ..ticket(&orders.app, &orders.seller)
    };
    orders
        .app
        .publish(EventData::TicketCreated(soon.clone()))
        .await;
    let answer = orders.reserve_by(&orders.buyer, soon.id).await;
    assert_eq!(answer.text("expiresAt"), "2030-01-01T12:01:00.000Z");
}

#[tokio::test]
async fn reserving_needs_a_session_and_a_valid_body() {
    let orders = Orders::start().await;
    let body = json!({ "ticketId": orders.ticket.id });
    assert_eq!(
        orders.app.post("/api/orders", body).send().await.shown(),
        not_signed_in()
    );

    let wrong = json!({ "ticketId": 5, "price": "cheap" });
    let answer = orders
        .app
        .post("/api/orders", wrong)
        .by(&orders.buyer)
        .send()
        .await;
    assert_eq!(
        answer.shown(),
        json!({ "status": 400, "body": {
            "type": "about:blank", "title": "Bad Request", "status": 400, "code": "validation_failed",
            "detail": "Some fields are not valid.",
            "errors": [
                { "field": "ticketId", "message": "ticketId must be text" },
                { "field": "price", "message": "Write the amount with digits and at most one point, as in 120.00" },
            ],
        }})
    );
}

#[tokio::test]
async fn a_ticket_that_does_not_exist_cannot_be_reserved() {
    let orders = Orders::start().await;
    let unknown = orders.app.ids.next().into();
    // Its id is not young any more, so that nobody waits for it.
    orders.app.pass(SignedDuration::from_secs(31)).await;
    let answer = orders.reserve_by(&orders.buyer, unknown).await;
    let expected = refusal(
        404,
        "Not Found",
        "ticket_not_found",
        "There is no such ticket.",
    );
    assert_eq!(answer.shown(), expected);
}

#[tokio::test]
async fn a_ticket_that_was_listed_a_moment_ago_is_waited_for() {
    let orders = Orders::start().await;
    let listed = ticket(&orders.app, &orders.seller);
    let (reserved, ()) = tokio::join!(orders.reserve_by(&orders.buyer, listed.id), async {
        // It was looked for in vain by then.
        pause(100).await;
        orders
            .app
            .publish(EventData::TicketCreated(listed.clone()))
            .await;
    });
    assert_eq!(reserved.status, 201, "{}", reserved.body);
    let again = orders.reserve_by(&orders.buyer, listed.id).await;
    assert_eq!(again.text("code"), "ticket_reserved");
}

#[expect(
    clippy::disallowed_methods,
    reason = "events travel in real time, also where a test's clock stands still"
)]
async fn pause(millis: u64) {
    tokio::time::sleep(Duration::from_millis(millis)).await;
}

#[tokio::test]
async fn a_seller_cannot_buy_their_own_ticket() {
    let orders = Orders::start().await;
    let answer = orders.reserve_by(&orders.seller, orders.ticket.id).await;
    assert_eq!(
        answer.shown(),
        refusal(
            403,
            "Forbidden",
            "own_ticket",
            "You cannot buy your own ticket."
        )
    );
}

#[tokio::test]
async fn a_second_buyer_is_refused_while_the_first_holds_the_ticket_and_once_it_is_sold() {
    let orders = Orders::start().await;
    let order: OrderId = orders.reserve().await.id();
    let rival = orders.app.sign_in();
    let taken = refusal(
        409,
        "Conflict",
        "ticket_reserved",
        "Somebody else is buying this ticket right now.",
    );
    assert_eq!(
        orders.reserve_by(&rival, orders.ticket.id).await.shown(),
        taken
    );

    orders.app.publish(orders.locked(order)).await;
    let payment = orders.payment(order, tessera_contracts::PaymentStatus::Authorized);
    orders.app.publish(EventData::PaymentCreated(payment)).await;
    let sold = refusal(409, "Conflict", "ticket_sold", "This ticket is sold.");
    assert_eq!(
        orders.reserve_by(&rival, orders.ticket.id).await.shown(),
        sold
    );
}

#[tokio::test]
async fn a_ticket_is_free_again_at_once_when_its_order_is_cancelled() {
    let orders = Orders::start().await;
    let order = orders.awaiting_payment().await;
    orders.cancel(order).await;
    // Orders' copy still says reserved: only its own live orders count.
    let rival = orders.app.sign_in();
    assert_eq!(
        orders.reserve_by(&rival, orders.ticket.id).await.status,
        201
    );
}

#[tokio::test]
async fn a_withdrawn_ticket_and_one_whose_event_has_begun_are_refused() {
    let orders = Orders::start().await;
    let withdrawn = TicketState {
        version: 1,
        status: TicketStatus::Withdrawn,
        ..orders.ticket.clone()
    };
    orders
        .app
        .publish(EventData::TicketUpdated(withdrawn))
        .await;
    let gone = refusal(
        409,
        "Conflict",
        "ticket_withdrawn",
        "This ticket is no longer for sale.",
    );
    assert_eq!(orders.reserve().await.shown(), gone);

    let other = orders.another_ticket().await;
    orders.app.hand.set("2030-06-01T18:30:00Z".parse().unwrap());
    let late = orders.app.sign_in();
    let over = refusal(
        409,
        "Conflict",
        "event_over",
        "The event of this ticket has already begun.",
    );
    assert_eq!(orders.reserve_by(&late, other).await.shown(), over);
}

#[tokio::test]
async fn a_price_that_changed_since_the_buyer_saw_it_is_refused() {
    let orders = Orders::start().await;
    let send = async |price: Value| {
        let body = json!({ "ticketId": orders.ticket.id, "price": price });
        orders
            .app
            .post("/api/orders", body)
            .by(&orders.buyer)
            .send()
            .await
    };
    let changed = refusal(
        409,
        "Conflict",
        "price_changed",
        "The price of this ticket has changed since you saw it.",
    );
    assert_eq!(send(json!("119.99")).await.shown(), changed);
    assert_eq!(send(json!(120.5)).await.shown(), changed);
    assert_eq!(send(json!(120)).await.status, 201);
}

#[tokio::test]
async fn a_buyer_holds_a_limited_number_of_unpaid_orders() {
    let app = TestApp::start_with(&[tessera_orders::DEFINITION], |settings| {
        settings.max_live_orders = std::num::NonZeroU32::new(1);
    });
    let orders = Orders::with(app.await).await;
    let first: OrderId = orders.reserve().await.id();
    let another = orders.another_ticket().await;
    assert_eq!(
        orders.reserve_by(&orders.buyer, another).await.shown(),
        refusal(
            409,
            "Conflict",
            "too_many_orders",
            "You hold 1 unpaid orders, and may not hold more. Pay or cancel one first."
        )
    );
    orders.cancel(first).await;
    assert_eq!(orders.reserve_by(&orders.buyer, another).await.status, 201);
}

#[tokio::test]
async fn reserving_too_often_is_refused_until_the_moment_that_the_answer_names() {
    let app = TestApp::start_with(&[tessera_orders::DEFINITION], |settings| {
        settings.rate_limits = true;
    });
    let orders = Orders::with(app.await).await;
    let mut tries = 0;
    let refused = loop {
        let answer = orders.reserve().await;
        if answer.status == 429 {
            break answer;
        }
        tries += 1;
        assert!(tries < 100, "there is no limit");
    };
    let detail = "That was tried too often. Please wait a little before you try again.";
    assert_eq!(
        refused.shown(),
        refusal(429, "Too Many Requests", "too_many_requests", detail)
    );
    assert_eq!(refused.header("content-type"), "application/problem+json");
    // Whoever has not asked so often yet does not wait for those who have.
    let rival = orders.app.sign_in();
    assert_eq!(
        orders
            .reserve_by(&rival, orders.ticket.id)
            .await
            .text("code"),
        "ticket_reserved"
    );

    let wait: i64 = refused.header("retry-after").parse().unwrap();
    assert!((1..=60).contains(&wait), "{wait}");
    orders.app.hand.advance(SignedDuration::from_secs(wait));
    assert_eq!(orders.reserve().await.text("code"), "ticket_reserved");
    assert_eq!(
        orders.app.published_types("orders").await,
        ["order:created"]
    );
}

#[tokio::test]
async fn the_same_key_gets_the_same_answer_and_one_order() {
    let orders = Orders::start().await;
    let send = async |ticket| {
        let call = orders
            .app
            .post("/api/orders", json!({ "ticketId": ticket }))
            .by(&orders.buyer);
        call.header("idempotency-key", "once").send().await
    };
    let first = send(orders.ticket.id).await;
    let again = send(orders.ticket.id).await;
    assert_eq!((again.status, &again.body), (first.status, &first.body));
    assert_eq!(again.header("idempotency-replayed"), "true");
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(send(orders.another_ticket().await).await.status, 422);
    assert_eq!(
        orders.app.published_types("orders").await,
        ["order:created"]
    );
}

#[tokio::test]
async fn a_buyer_lists_their_orders_newest_first_in_pages() {
    let orders = Orders::start().await;
    let mut made = vec![orders.reserve().await.text("id")];
    for _ in 0..2 {
        let ticket = orders.another_ticket().await;
        made.push(orders.reserve_by(&orders.buyer, ticket).await.text("id"));
    }
    // Whatever became of them: the one in the middle has ended.
    let ended = made[1].parse().unwrap();
    assert_eq!(orders.cancel(ended).await.status, 204);
    let ids = |answer: &tessera_platform::testing::Answer| -> Vec<String> {
        answer
            .body
            .as_array()
            .unwrap()
            .iter()
            .map(|o| o["id"].as_str().unwrap().to_owned())
            .collect()
    };
    let first = orders
        .app
        .get("/api/orders?limit=2")
        .by(&orders.buyer)
        .send()
        .await;
    assert_eq!(ids(&first), [made[2].clone(), made[1].clone()]);
    let link = first.header("link");
    let path = link.strip_prefix('<').unwrap().split('>').next().unwrap();
    let second = orders.app.get(path).by(&orders.buyer).send().await;
    assert_eq!(ids(&second), [made[0].clone()]);
    assert_eq!(second.header("link"), "");

    let stranger = orders.app.sign_in();
    assert_eq!(
        orders
            .app
            .get("/api/orders")
            .by(&stranger)
            .send()
            .await
            .body,
        json!([])
    );
    assert_eq!(
        orders.app.get("/api/orders").send().await.shown(),
        not_signed_in()
    );
    let bad = orders
        .app
        .get("/api/orders?limit=0&cursor=x")
        .by(&orders.buyer)
        .send()
        .await;
    assert_eq!(bad.status, 400);
}

#[tokio::test]
async fn only_its_buyer_sees_an_order() {
    let orders = Orders::start().await;
    let order: OrderId = orders.reserve().await.id();
    assert_eq!(orders.show(order).await.text("status"), "created");
    let path = format!("/api/orders/{order}");
    assert_eq!(orders.app.get(&path).send().await.shown(), not_signed_in());
    let not_yours = refusal(
        403,
        "Forbidden",
        "not_your_order",
        "This order is not yours.",
    );
    assert_eq!(
        orders
            .app
            .get(&path)
            .by(&orders.seller)
            .send()
            .await
            .shown(),
        not_yours
    );
    let nothing = refusal(
        404,
        "Not Found",
        "order_not_found",
        "There is no such order.",
    );
    assert_eq!(
        orders.show(orders.app.ids.next().into()).await.shown(),
        nothing
    );
    let malformed = orders
        .app
        .get("/api/orders/seven")
        .by(&orders.buyer)
        .send()
        .await;
    assert_eq!(malformed.status, 404);
}

#[tokio::test]
async fn a_buyer_cancels_an_unpaid_order_once_or_more_often() {
    let orders = Orders::start().await;
    let order: OrderId = orders.reserve().await.id();
    let first = orders.cancel(order).await;
    assert_eq!((first.status.as_u16(), first.body), (204, Value::Null));
    assert_eq!(orders.cancel(order).await.status, 204);
    assert_eq!(
        orders.state(order).await,
        ("cancelled".into(), Some("cancelled_by_buyer".into()))
    );
    assert_eq!(
        orders.app.published_types("orders").await,
        ["order:created", "order:cancelled"]
    );
}

#[tokio::test]
async fn cancelling_is_refused_to_others_and_after_payment() {
    let orders = Orders::start().await;
    let order = orders.complete().await;
    let paid = refusal(
        409,
        "Conflict",
        "order_complete",
        "This order is paid, and can no longer be cancelled.",
    );
    assert_eq!(orders.cancel(order).await.shown(), paid);
    let path = format!("/api/orders/{order}");
    let not_yours = refusal(
        403,
        "Forbidden",
        "not_your_order",
        "This order is not yours.",
    );
    assert_eq!(
        orders
            .app
            .delete(&path)
            .by(&orders.seller)
            .send()
            .await
            .shown(),
        not_yours
    );
    assert_eq!(
        orders.app.delete(&path).send().await.shown(),
        not_signed_in()
    );
    let nothing = refusal(
        404,
        "Not Found",
        "order_not_found",
        "There is no such order.",
    );
    assert_eq!(
        orders.cancel(orders.app.ids.next().into()).await.shown(),
        nothing
    );
}
