//! Every endpoint of payments: what it answers, and each of its refusals.

use serde_json::{Value, json};
use tessera_contracts::events::{EventData, OrderState};
use tessera_contracts::{CancelReason, OrderStatus, PaymentId};
use tessera_platform::testing::Answer;

use crate::support::{
    DECLINED, Payments, cancelled, completed, conflict, created, just_before, locked, payment,
    refusal, wish,
};

fn not_signed_in() -> Value {
    let detail = "Please sign in first.";
    refusal(401, "Unauthorized", "not_signed_in", detail)
}

fn no_order() -> Value {
    let detail = "There is no such order.";
    refusal(404, "Not Found", "order_not_found", detail)
}

fn not_your_order() -> Value {
    let detail = "This order is not yours.";
    refusal(403, "Forbidden", "not_your_order", detail)
}

fn invalid(field: &str, message: &str) -> Value {
    json!({ "status": 400, "body": {
        "type": "about:blank", "title": "Bad Request", "status": 400, "code": "validation_failed",
        "detail": message, "errors": [{ "field": field, "message": message }],
    }})
}

fn declined(message: &str, attempts_left: u32) -> Value {
    let mut expected = refusal(402, "Payment Required", "card_declined", message);
    expected["body"]["attemptsLeft"] = json!(attempts_left);
    expected
}

#[tokio::test]
async fn paying_holds_the_amount_and_tells_of_it() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let answer = payments.pay(&order, "tok_visa").await;
    let expected = json!({ "status": 201, "body": payment("authorized") });
    assert_eq!(answer.shown(), expected);
    assert_eq!(answer.text("orderId"), order.id.to_string());
    assert_eq!(answer.text("createdAt"), "2030-01-01T12:00:00.000Z");
    let location = format!("/api/payments/{}", answer.text("id"));
    assert_eq!(answer.header("location"), location);
    assert_eq!(payments.book().await, ["authorize 12000 usd"]);

    let events = payments.app.published("payments").await;
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    let EventData::PaymentCreated(state) = &event.data else {
        panic!("{event:?}")
    };
    assert_eq!((state.id, state.version), (answer.id(), 1));
    assert_eq!(state.order_id, order.id);
    let gateway_id = format!("test_{}", state.id.uuid().simple());
    assert_eq!(state.gateway_id.as_deref(), Some(gateway_id.as_str()));
}

#[tokio::test]
async fn every_endpoint_of_a_payer_needs_a_session() {
    let payments = Payments::start().await;
    let (order, id) = payments.authorized().await;
    let app = &payments.app;
    let calls = [
        app.post("/api/payments", wish(&order, "tok_visa")),
        app.get(&format!("/api/payments?orderId={}", order.id)),
        app.get(&format!("/api/payments/{id}")),
    ];
    for call in calls {
        assert_eq!(call.send().await.shown(), not_signed_in());
    }
}

#[tokio::test]
async fn all_that_is_wrong_with_a_body_is_said_at_once() {
    let payments = Payments::start().await;
    let post = async |body| {
        let call = payments.app.post("/api/payments", body);
        call.by(&payments.buyer).send().await.shown()
    };
    let expected = json!({ "status": 400, "body": {
        "type": "about:blank", "title": "Bad Request", "status": 400, "code": "validation_failed",
        "detail": "Some fields are not valid.",
        "errors": [
            { "field": "orderId", "message": "orderId must be the id of an order" },
            { "field": "token", "message": "token is required" },
        ],
    }});
    assert_eq!(post(json!({ "orderId": "1" })).await, expected);

    let order = payments.awaiting_payment().await;
    let known = "token must be one of the test tokens tok_visa, tok_chargeDeclined, \
        tok_chargeDeclinedInsufficientFunds, tok_chargeDeclinedExpiredCard";
    for token in ["tok_mastercard", "", "TOK_VISA"] {
        assert_eq!(post(wish(&order, token)).await, invalid("token", known));
    }
    assert_eq!(payments.book().await, [""; 0]);
}

#[tokio::test]
async fn an_order_that_does_not_exist_cannot_be_paid() {
    let payments = Payments::start().await;
    let order = payments.order();
    // Its id is not young any more, so that nobody waits for it.
    payments.pass_millis(31_000).await;
    assert_eq!(payments.pay(&order, "tok_visa").await.shown(), no_order());
}

#[tokio::test]
async fn another_s_order_cannot_be_paid() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let stranger = payments.app.sign_in();
    let body = wish(&order, "tok_visa");
    let call = payments.app.post("/api/payments", body).by(&stranger);
    assert_eq!(call.send().await.shown(), not_your_order());
    assert_eq!(payments.book().await, [""; 0]);
}

#[tokio::test]
async fn an_order_that_has_ended_cannot_be_paid() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let end = cancelled(&order, CancelReason::CancelledByBuyer);
    payments.app.publish(end).await;
    let detail = "This order has ended, and can no longer be paid.";
    assert_eq!(
        payments.pay(&order, "tok_visa").await.shown(),
        conflict("order_cancelled", detail)
    );
    assert_eq!(payments.book().await, [""; 0]);
}

#[tokio::test]
async fn a_paid_order_cannot_be_paid_again() {
    let payments = Payments::start().await;
    let (order, _) = payments.authorized().await;
    let paid = "This order is paid already.";
    assert_eq!(
        payments.pay(&order, "tok_visa").await.shown(),
        conflict("already_paid", paid)
    );
    payments.app.publish(completed(&order)).await;
    assert_eq!(
        payments.pay(&order, "tok_visa").await.shown(),
        conflict("order_complete", paid)
    );
    let book = ["authorize 12000 usd", "capture 12000 usd"];
    assert_eq!(payments.book().await, book);
}

#[tokio::test]
async fn an_order_can_be_paid_until_the_last_millisecond_of_its_time() {
    let payments = Payments::start().await;
    let (early, late) = (
        payments.awaiting_payment().await,
        payments.awaiting_payment().await,
    );
    payments.app.hand.set(just_before(early.expires_at));
    assert_eq!(payments.pay(&early, "tok_visa").await.status, 201);
    payments.app.hand.set(late.expires_at);
    let detail = "The time to pay this order is over.";
    assert_eq!(
        payments.pay(&late, "tok_visa").await.shown(),
        conflict("order_expired", detail)
    );
    assert_eq!(payments.book().await, ["authorize 12000 usd"]);
}

#[tokio::test]
async fn an_order_without_its_lock_is_waited_for() {
    let payments = Payments::start().await;
    let order = payments.order();
    let lock = async {
        payments.app.publish(created(&order)).await;
        payments.app.publish(locked(&order)).await;
    };
    let (answer, ()) = tokio::join!(payments.pay(&order, "tok_visa"), lock);
    assert_eq!(answer.status, 201);
}

#[tokio::test]
async fn a_lock_that_does_not_come_is_not_waited_for_long() {
    let payments = Payments::start().await;
    let order = payments.order();
    payments.app.publish(created(&order)).await;
    let not_ready = payments.pay(&order, "tok_visa").await;
    let detail = "The ticket is still being locked for this order. Please try again in a moment.";
    assert_eq!(not_ready.shown(), conflict("not_ready", detail));
    assert_eq!(not_ready.header("retry-after"), "1");
}

#[tokio::test]
async fn a_declined_card_may_be_followed_by_another() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let answer = payments.pay(&order, DECLINED).await;
    assert_eq!(answer.shown(), declined("Your card was declined.", 2));
    assert_eq!(payments.pay(&order, "tok_visa").await.status, 201);
    assert_eq!(payments.statuses(&order).await, ["authorized", "declined"]);
    assert_eq!(payments.published().await, ["payment:created"]);
}

#[tokio::test]
async fn the_last_declined_attempt_ends_the_order() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let attempts = [
        (DECLINED, "Your card was declined.", 2),
        (
            "tok_chargeDeclinedInsufficientFunds",
            "Your card has insufficient funds.",
            1,
        ),
        ("tok_chargeDeclinedExpiredCard", "Your card has expired.", 0),
    ];
    for (token, message, left) in attempts {
        assert_eq!(payments.published().await, [""; 0]);
        let answer = payments.pay(&order, token).await;
        assert_eq!(answer.shown(), declined(message, left));
    }
    let events = payments.app.published("payments").await;
    let [event] = events.as_slice() else {
        panic!("{events:?}")
    };
    let EventData::PaymentFailed(state) = &event.data else {
        panic!("{event:?}")
    };
    assert_eq!(state.order_id, order.id);
    assert_eq!(state.status.as_str(), "declined");

    let last = "The last attempt to pay this order was declined.";
    assert_eq!(
        payments.pay(&order, "tok_visa").await.shown(),
        conflict("no_attempts_left", last)
    );
    payments
        .app
        .publish(cancelled(&order, CancelReason::PaymentFailed))
        .await;
    assert_eq!(payments.book().await, ["decline 12000 usd"; 3]);
    assert_eq!(payments.published().await, ["payment:failed"]);
}

#[tokio::test]
async fn the_setting_says_how_many_attempts_there_are() {
    let payments = Payments::start_with(|settings| settings.payment_attempts = 1).await;
    let order = payments.awaiting_payment().await;
    let answer = payments.pay(&order, DECLINED).await;
    assert_eq!(answer.shown(), declined("Your card was declined.", 0));
    assert_eq!(payments.published().await, ["payment:failed"]);
}

#[tokio::test]
async fn paying_too_often_is_refused_for_a_while() {
    let payments = Payments::start_with(|settings| settings.rate_limits = true).await;
    let order = payments.awaiting_payment().await;
    let mut answer = payments.pay(&order, "tok_visa").await;
    let mut tries = 1;
    while answer.status != 429 {
        assert!(tries < 100, "there is a limit");
        answer = payments.pay(&order, "tok_visa").await;
        tries += 1;
    }
    assert_eq!(answer.text("code"), "too_many_requests");
    assert_ne!(answer.header("retry-after"), "");
}

#[tokio::test]
async fn the_payments_of_an_order_are_listed_in_pages() {
    let payments = Payments::start().await;
    let order = payments.awaiting_payment().await;
    let _another = payments.authorized().await;
    assert_eq!(
        payments.list(&order).await.shown(),
        json!({ "status": 200, "body": [] })
    );
    for token in [DECLINED, DECLINED, "tok_visa"] {
        payments.pay(&order, token).await;
    }
    let mut declined = payment("declined");
    declined["declineCode"] = json!("generic_decline");
    let all = json!([payment("authorized"), declined, declined]);
    assert_eq!(
        payments.list(&order).await.shown(),
        json!({ "status": 200, "body": all })
    );

    let path = format!("/api/payments?orderId={}&limit=2", order.id);
    let first = payments.app.get(&path).by(&payments.buyer).send().await;
    let next = first.header("link").split(['<', '>']).nth(1);
    let next = next.expect("a link to the next page");
    let second = payments.app.get(next).by(&payments.buyer).send().await;
    assert_eq!(first.shown()["body"], json!([all[0], all[1]]));
    assert_eq!(second.shown()["body"], json!([all[2]]));
    assert_eq!(second.header("link"), "");
}

#[tokio::test]
async fn a_list_is_for_the_buyer_of_an_order_that_exists() {
    let payments = Payments::start().await;
    let (order, _) = payments.authorized().await;
    let get = async |path: &str| -> Answer {
        let call = payments.app.get(path);
        call.by(&payments.buyer).send().await
    };
    assert_eq!(
        get("/api/payments").await.shown(),
        invalid("orderId", "orderId is required")
    );
    assert_eq!(
        get("/api/payments?orderId=7").await.shown(),
        invalid("orderId", "orderId must be the id of an order")
    );
    let unknown = format!("/api/payments?orderId={}", payments.app.ids.next());
    // Its id is not young any more, so that nobody waits for it.
    payments.pass_millis(31_000).await;
    assert_eq!(get(&unknown).await.shown(), no_order());

    let stranger = payments.app.sign_in();
    let path = format!("/api/payments?orderId={}", order.id);
    let answer = payments.app.get(&path).by(&stranger).send().await;
    assert_eq!(answer.shown(), not_your_order());
}

#[tokio::test]
async fn the_payments_of_an_order_that_was_made_a_moment_ago_are_waited_for() {
    let payments = Payments::start().await;
    let order = payments.order();
    let (answer, _) = tokio::join!(payments.list(&order), payments.app.publish(created(&order)),);
    assert_eq!(answer.shown(), json!({ "status": 200, "body": [] }));
}

#[tokio::test]
async fn a_payment_is_shown_to_its_payer_alone() {
    let payments = Payments::start().await;
    let (_, id) = payments.authorized().await;
    let get = async |id: &str, user| -> Answer {
        let path = format!("/api/payments/{id}");
        payments.app.get(&path).by(user).send().await
    };
    assert_eq!(
        get(&id.to_string(), &payments.buyer).await.shown(),
        json!({ "status": 200, "body": payment("authorized") })
    );
    let stranger = payments.app.sign_in();
    let detail = "This payment is not yours.";
    assert_eq!(
        get(&id.to_string(), &stranger).await.shown(),
        refusal(403, "Forbidden", "not_your_payment", detail)
    );
    let unknown: PaymentId = payments.app.ids.next().into();
    let detail = "There is no such payment.";
    assert_eq!(
        get(&unknown.to_string(), &payments.buyer).await.shown(),
        refusal(404, "Not Found", "payment_not_found", detail)
    );
    let nothing = get("7", &payments.buyer).await;
    assert_eq!(nothing.status, 404);
}

#[tokio::test]
async fn no_signature_of_stripe_is_good_without_stripe() {
    let payments = Payments::start().await;
    let body = json!({ "type": "payment_intent.succeeded" });
    let call = payments.app.post("/api/payments/webhooks/stripe", body);
    let answer = call.header("stripe-signature", "t=1,v1=00").send().await;
    let detail = "The signature of this event is not one of Stripe's.";
    assert_eq!(
        answer.shown(),
        refusal(400, "Bad Request", "bad_signature", detail)
    );
}

#[tokio::test]
async fn an_order_whose_total_is_another_currency_is_paid_in_it() {
    let payments = Payments::start().await;
    let order = OrderState {
        total: "5000".into(),
        currency: "jpy".parse().unwrap(),
        status: OrderStatus::AwaitingPayment,
        ..payments.order()
    };
    payments.app.publish(locked(&order)).await;
    let answer = payments.pay(&order, "tok_visa").await;
    assert_eq!(answer.text("amount"), "5000");
    assert_eq!(payments.book().await, ["authorize 5000 jpy"]);
}
