//! `GET /orders`: one's own orders, the newest first.

use askama::Template;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use tessera_contracts::http::orders::Order;
use tessera_contracts::{CancelReason, OrderStatus};
use tessera_platform::http::Failure;

use crate::catalogue::fill;
use crate::frame::Frame;
use crate::paging::Rows;
use crate::shown::Card;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "orders.html")]
pub(super) struct OrdersPage {
    pub(super) page: Frame,
    pub(super) since: i64,
    pub(super) rows: Vec<Row>,
    pub(super) first: Option<String>,
    pub(super) next: Option<String>,
}

pub(super) struct Row {
    pub(super) id: String,
    pub(super) card: Card,
    pub(super) state: &'static str,
    /// The class of its colours.
    pub(super) kind: &'static str,
    pub(super) when: String,
}

pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let user = visitor.must_be_user().await?;
    let Rows { rows, first, next } = visitor
        .rows::<Order>("/orders", "/api/orders", query.as_deref())
        .await?;
    let page = OrdersPage {
        page: visitor.frame(visitor.words().orders.heading, Some(user)),
        since: visitor.since(),
        rows: rows.iter().map(|order| row(&visitor, order)).collect(),
        first,
        next,
    };
    visitor.page(StatusCode::OK, &page)
}

pub(super) fn row(visitor: &Visitor, order: &Order) -> Row {
    let (t, locale) = (visitor.words(), visitor.locale);
    let words = &t.orders;
    let is_expired = order.cancel_reason == Some(CancelReason::Expired);
    let (state, kind) = match order.status {
        OrderStatus::Created => (words.created, "reserved"),
        OrderStatus::AwaitingPayment => (words.awaiting, "reserved"),
        OrderStatus::Complete => (words.complete, "available"),
        OrderStatus::Cancelled if is_expired => (words.expired, "withdrawn"),
        OrderStatus::Cancelled => (words.cancelled, "withdrawn"),
    };
    let zone = order.ticket.time_zone.as_deref();
    let when = match order.status {
        OrderStatus::AwaitingPayment => {
            let (time, zone) = (
                locale.time(order.expires_at, zone),
                locale.zone(order.expires_at, zone),
            );
            fill(words.pay_until, &[&format!("{time} {zone}")])
        }
        _ => fill(words.on, &[&locale.day_and_time(order.created_at, zone)]),
    };
    let price = locale.money(&order.total, order.currency);
    Row {
        id: order.id.to_string(),
        card: Card::of_order(&order.ticket, price, t, locale),
        state,
        kind,
        when,
    }
}
