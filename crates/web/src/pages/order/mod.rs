//! `/orders/{id}`: one order, from the lock to the receipt. What is shown follows from the order and its payments
//! alone, so that a reload, another tab and a browser without scripts show the same.

mod money;
mod page;
mod standing;

use axum::http::{Method, StatusCode, header};
use axum::response::Response;
use serde_json::json;
use tessera_contracts::http::orders::Order;
use tessera_contracts::http::payments::Payment;
use tessera_contracts::{OrderId, PaymentId, PaymentStatus};
use tessera_platform::http::{Failure, Path};

use crate::cards::{self, Gateway};
use crate::form::Form;
use crate::notice::Notice;
use crate::visitor::Visitor;

pub(super) use page::page;

/// An order with its payments, the oldest first.
pub(super) struct Seen {
    pub(super) order: Order,
    pub(super) payments: Vec<Payment>,
}

pub(super) async fn show(visitor: Visitor, Path(id): Path<OrderId>) -> Result<Response, Failure> {
    answer(&visitor, id, StatusCode::OK, None).await
}

pub(super) async fn submit(
    visitor: Visitor,
    Path(id): Path<OrderId>,
    form: Form,
) -> Result<Response, Failure> {
    // Renews a session that is about to be needed; whether it counts is for the services to say.
    visitor.user_if_known().await;
    match form.text("do") {
        "cancel" => cancel(&visitor, id).await,
        "pay" => pay(&visitor, id, &form).await,
        "confirmed" => confirmed(&visitor, id, &form).await,
        _ => Err(Failure::invalid("do", "Say what to do")),
    }
}

/// Whatever comes of it, the order's page tells it.
async fn pay(visitor: &Visitor, id: OrderId, form: &Form) -> Result<Response, Failure> {
    let body = json!({ "orderId": id, "token": form.text("token") });
    let answer = visitor
        .post_once("/api/payments", &body, form.text("key"))
        .await?;
    let refusal = match answer.accepted() {
        Ok(answer) => {
            let payment: Payment = answer.read()?;
            // To the bank at once, where there are scripts.
            let place = match payment.status {
                PaymentStatus::RequiresAction => "#bank",
                _ => "",
            };
            return visitor.see_other(&format!("/orders/{id}{place}"));
        }
        Err(refusal) => refusal,
    };
    match refusal.status() {
        StatusCode::PAYMENT_REQUIRED | StatusCode::CONFLICT => {
            visitor.see_other(&format!("/orders/{id}"))
        }
        StatusCode::BAD_REQUEST => {
            let words = &visitor.words().order;
            let wrong = match Gateway::of(&visitor.app.settings) {
                Gateway::Test => words.wrong_card,
                Gateway::Form(_) | Gateway::NoForm => words.wrong_token,
            };
            self::answer(visitor, id, refusal.status(), Some(Notice::bad(wrong))).await
        }
        _ => Err(refusal),
    }
}

/// The buyer was with their bank. What came of it payments finds out, and the order's page tells it.
async fn confirmed(visitor: &Visitor, id: OrderId, form: &Form) -> Result<Response, Failure> {
    let payment = form.text("payment").parse::<PaymentId>();
    let payment = payment.map_err(|_| Failure::invalid("payment", "Say which payment"))?;
    let path = format!("/api/payments/{payment}/confirmation");
    let answer = visitor.ask(Method::POST, &path, None).await?;
    match answer.accepted() {
        Err(refusal)
            if !matches!(
                refusal.status(),
                StatusCode::PAYMENT_REQUIRED | StatusCode::CONFLICT
            ) =>
        {
            Err(refusal)
        }
        _ => visitor.see_other(&format!("/orders/{id}")),
    }
}

async fn cancel(visitor: &Visitor, id: OrderId) -> Result<Response, Failure> {
    let path = format!("/api/orders/{id}");
    let answer = visitor.ask(Method::DELETE, &path, None).await?;
    match answer.accepted() {
        Ok(_) => visitor.see_other(&format!("/orders/{id}")),
        Err(refusal) if refusal.status() == StatusCode::CONFLICT => {
            let notice = Notice::bad(visitor.words().order.cannot_cancel);
            self::answer(visitor, id, refusal.status(), Some(notice)).await
        }
        Err(refusal) => Err(refusal),
    }
}

async fn answer(
    visitor: &Visitor,
    id: OrderId,
    status: StatusCode,
    notice: Option<Notice>,
) -> Result<Response, Failure> {
    let user = visitor.must_be_user().await?;
    let seen = see(visitor, id).await?;
    let frame = visitor.frame(&seen.order.ticket.title, Some(user));
    let page = page(visitor, frame, &seen, notice);
    let mut response = visitor.page(status, &page)?;
    // A policy is that of the document, and the form may come into this one later.
    if let (Gateway::Form(form), Some(_)) = (Gateway::of(&visitor.app.settings), &page.stripe) {
        let policy = cards::policy(form)?;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    Ok(response)
}

async fn see(visitor: &Visitor, id: OrderId) -> Result<Seen, Failure> {
    // The order first: a payment that it does not know of yet is better than one that it has and this lacks.
    let order: Order = visitor.get(&format!("/api/orders/{id}")).await?;
    let payments = visitor.get(&format!("/api/payments?orderId={id}")).await;
    let payments = match payments {
        // The newest is the first in the list.
        Ok(payments) => Vec::into_iter(payments).rev().collect(),
        // Payments has not heard of the order yet, or does not answer: the order alone says enough.
        Err(failure) => {
            tracing::info!("an order is shown without its payments: {failure}");
            Vec::new()
        }
    };
    Ok(Seen { order, payments })
}
