//! `/orders/{id}`: one order, from the lock to the receipt. What is shown follows from the order and its payments
//! alone, so that a reload, another tab and a browser without scripts show the same.

use askama::Template;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::json;
use tessera_contracts::http::orders::Order;
use tessera_contracts::http::payments::Payment;
use tessera_contracts::{OrderId, OrderStatus, PaymentStatus, TicketId};
use tessera_platform::http::{Failure, Path};

use crate::catalogue::{Catalogue, Refusal, fill, find};
use crate::form::Form;
use crate::frame::Frame;
use crate::notice::Notice;
use crate::shown::Card;
use crate::visitor::Visitor;

/// How soon a browser without scripts looks again at what goes on by itself, in seconds.
const SOON: i64 = 2;

#[derive(Template)]
#[template(path = "order.html")]
pub(super) struct OrderPage {
    pub(super) page: Frame,
    pub(super) since: i64,
    pub(super) id: OrderId,
    pub(super) heading: &'static str,
    pub(super) text: &'static str,
    /// What is said aloud when the page changes by itself.
    pub(super) news: &'static str,
    pub(super) notice: Option<Notice>,
    pub(super) step: Step,
    /// The button that pays.
    pub(super) pay: String,
    pub(super) may_cancel: bool,
    /// Whether the time goes on while there is nothing to do.
    pub(super) shows_clock: bool,
    /// What is left of the time, in milliseconds, when this was written.
    pub(super) left_ms: i64,
    pub(super) until: String,
    pub(super) until_iso: String,
    pub(super) card: Card,
    pub(super) price: String,
    pub(super) fee: String,
    pub(super) reserved_on: String,
    pub(super) paid: Option<Paid>,
}

/// What there is to do.
pub(super) enum Step {
    /// It goes on by itself.
    Wait,
    Pay {
        cards: Vec<TestCard>,
        key: String,
    },
    Receipt,
    Ended {
        ticket: TicketId,
    },
}

/// A card of the built-in gateway.
pub(super) struct TestCard {
    pub(super) token: &'static str,
    pub(super) name: &'static str,
    pub(super) hint: &'static str,
    pub(super) is_first: bool,
}

/// The payment that counts.
pub(super) struct Paid {
    pub(super) id: String,
    pub(super) state: String,
}

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
        _ => Err(Failure::invalid("do", "Say what to do")),
    }
}

/// Whatever comes of it, the order's page tells it.
async fn pay(visitor: &Visitor, id: OrderId, form: &Form) -> Result<Response, Failure> {
    let body = json!({ "orderId": id, "token": form.text("token") });
    let answer = visitor
        .post_once("/api/payments", &body, form.text("key"))
        .await?;
    let Err(refusal) = answer.accepted() else {
        return visitor.see_other(&format!("/orders/{id}"));
    };
    match refusal.status() {
        StatusCode::PAYMENT_REQUIRED | StatusCode::CONFLICT => {
            visitor.see_other(&format!("/orders/{id}"))
        }
        StatusCode::BAD_REQUEST => {
            let notice = Notice::bad(visitor.words().order.wrong_card);
            self::answer(visitor, id, refusal.status(), Some(notice)).await
        }
        _ => Err(refusal),
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
    visitor.page(status, &page)
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

pub(super) fn page(
    visitor: &Visitor,
    frame: Frame,
    seen: &Seen,
    notice: Option<Notice>,
) -> OrderPage {
    let (t, locale, order) = (visitor.words(), visitor.locale, &seen.order);
    let left = order.expires_at.duration_since(visitor.now());
    let left_ms = i64::try_from(left.as_millis()).unwrap_or(0).max(0);
    let words = stand(t, seen, left_ms == 0);
    let zone = order.ticket.time_zone.as_deref();
    let total = locale.money(&order.total, order.currency);
    // The charge comes a moment after the ticket is the buyer's.
    let charges = seen
        .payments
        .iter()
        .any(|payment| payment.status == PaymentStatus::Authorized);
    let refresh = match &words.step {
        Step::Wait => Some(SOON),
        Step::Pay { .. } => Some(left_ms / 1000 + 1),
        Step::Receipt if charges => Some(SOON),
        Step::Receipt | Step::Ended { .. } => None,
    };
    let waits = matches!(words.step, Step::Wait);
    OrderPage {
        page: frame.refreshed_in(refresh),
        since: visitor.since(),
        id: order.id,
        heading: words.heading,
        text: words.text,
        news: words.heading,
        notice: notice.or_else(|| declined(t, visitor, seen)),
        step: words.step.with_key(visitor),
        pay: fill(t.order.pay, &[&total]),
        may_cancel: !words.is_final,
        shows_clock: left_ms > 0 && waits,
        left_ms,
        until: until(visitor, order),
        until_iso: order.expires_at.to_string(),
        price: locale.money(&order.price, order.currency),
        fee: locale.money(&order.fee, order.currency),
        card: Card::of_order(&order.ticket, total, t, locale),
        reserved_on: locale.day_and_time(order.created_at, zone),
        paid: paid(visitor, seen),
    }
}

fn until(visitor: &Visitor, order: &Order) -> String {
    let (locale, zone) = (visitor.locale, order.ticket.time_zone.as_deref());
    let at = order.expires_at;
    format!("{} {}", locale.time(at, zone), locale.zone(at, zone))
}

/// Where an order stands, in words, and what there is to do.
struct Standing {
    heading: &'static str,
    text: &'static str,
    step: Step,
    /// Whether it can no longer be cancelled.
    is_final: bool,
}

fn stand(t: &'static Catalogue, seen: &Seen, is_over: bool) -> Standing {
    let words = &t.order;
    let has = |status| seen.payments.iter().any(|payment| payment.status == status);
    let going = |words: &Refusal, step: Step| Standing {
        heading: words.title,
        text: words.text,
        step,
        is_final: false,
    };
    match seen.order.status {
        OrderStatus::Complete => Standing {
            is_final: true,
            ..going(&words.complete, Step::Receipt)
        },
        OrderStatus::Cancelled => {
            let reason = seen
                .order
                .cancel_reason
                .map_or("", |reason| reason.as_str());
            Standing {
                heading: words.cancelled.title,
                text: find(words.reasons, reason).unwrap_or_default(),
                step: Step::Ended {
                    ticket: seen.order.ticket.id,
                },
                is_final: true,
            }
        }
        _ if has(PaymentStatus::Authorized) || has(PaymentStatus::Captured) => Standing {
            is_final: true,
            ..going(&words.authorized, Step::Wait)
        },
        _ if has(PaymentStatus::Processing) => going(&words.processing, Step::Wait),
        _ if is_over => going(&words.over, Step::Wait),
        OrderStatus::Created => going(&words.created, Step::Wait),
        OrderStatus::AwaitingPayment => going(&words.awaiting, Step::pay(t)),
    }
}

impl Step {
    fn pay(t: &'static Catalogue) -> Step {
        let cards = t.order.test_cards.iter().enumerate();
        let cards = cards.map(|(place, (token, name, hint))| TestCard {
            token,
            name,
            hint,
            is_first: place == 0,
        });
        Step::Pay {
            cards: cards.collect(),
            key: String::new(),
        }
    }

    fn with_key(self, visitor: &Visitor) -> Step {
        match self {
            Step::Pay { cards, .. } => Step::Pay {
                cards,
                key: visitor.new_key(),
            },
            other => other,
        }
    }
}

/// What is said of the last card, while another may be tried.
fn declined(t: &Catalogue, visitor: &Visitor, seen: &Seen) -> Option<Notice> {
    let is_open = seen.order.status == OrderStatus::AwaitingPayment;
    let last = seen.payments.last().filter(|_| is_open)?;
    if last.status != PaymentStatus::Declined {
        return None;
    }
    let words = &t.order;
    let code = last.decline_code.as_deref().unwrap_or_default();
    let why = find(words.declines, code).unwrap_or(words.declined);
    let declined = seen.payments.iter();
    let declined = declined.filter(|payment| payment.status == PaymentStatus::Declined);
    let all = usize::try_from(visitor.app.settings.payment_attempts).unwrap_or(usize::MAX);
    let left = match all.saturating_sub(declined.count()) {
        0 => return Some(Notice::bad(why)),
        1 => words.one_try_left.to_owned(),
        more => fill(words.tries_left, &[&more.to_string()]),
    };
    Some(Notice::bad(&format!("{why} {left}")))
}

/// The last payment that was not declined.
fn paid(visitor: &Visitor, seen: &Seen) -> Option<Paid> {
    let words = &visitor.words().order;
    let last = seen.payments.iter().rev();
    let mut last = last.filter(|payment| payment.status != PaymentStatus::Declined);
    let payment = last.next()?;
    let zone = seen.order.ticket.time_zone.as_deref();
    let state = match payment.status {
        PaymentStatus::Captured => {
            let when = visitor.locale.day_and_time(payment.created_at, zone);
            fill(words.captured_state, &[&when])
        }
        PaymentStatus::Authorized => words.authorized_state.to_owned(),
        PaymentStatus::Voided | PaymentStatus::CaptureFailed => words.voided_state.to_owned(),
        PaymentStatus::Refunded => words.refunded_state.to_owned(),
        PaymentStatus::Processing | PaymentStatus::RequiresAction => {
            words.processing.title.to_owned()
        }
        PaymentStatus::Declined => return None,
    };
    Some(Paid {
        id: payment.id.to_string(),
        state,
    })
}
