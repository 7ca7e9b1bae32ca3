//! `GET /account/data`: all that the services hold of oneself, in one file. Each of them tells its own part.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Value, json};
use tessera_contracts::OrderId;
use tessera_contracts::http::orders::Order;
use tessera_platform::http::Failure;

use crate::visitor::Visitor;

/// How many questions are asked at once.
const AT_ONCE: usize = 8;

pub(super) async fn download(visitor: Visitor) -> Result<Response, Failure> {
    let account: Value = visitor.get("/api/users/export").await?;
    let listings: Vec<Value> = visitor.all_rows("/api/tickets?seller=me&limit=200").await?;
    let orders: Vec<Order> = visitor.all_rows("/api/orders?limit=200").await?;
    let statement: Vec<Value> = visitor
        .all_rows("/api/payments/statement?limit=200")
        .await?;
    let ids: Vec<OrderId> = orders.iter().map(|order| order.id).collect();
    let payments: Vec<Vec<Value>> = stream::iter(ids)
        .map(|order| payments(&visitor, order))
        .buffered(AT_ONCE)
        .try_collect()
        .await?;
    let payments: Vec<Value> = payments.into_iter().flatten().collect();
    let all = json!({
        "account": account,
        "listings": listings,
        "orders": orders,
        "payments": payments,
        "statement": statement,
    });
    let text = serde_json::to_string_pretty(&all).map_err(Failure::internal)?;
    let mut response = (StatusCode::OK, text).into_response();
    let headers = response.headers_mut();
    let mut set = |name, value| headers.insert(name, HeaderValue::from_static(value));
    set(header::CONTENT_TYPE, "application/json");
    set(
        header::CONTENT_DISPOSITION,
        "attachment; filename=\"tessera.json\"",
    );
    set(header::CACHE_CONTROL, "no-store");
    visitor.keep_cookies(headers);
    Ok(response)
}

async fn payments(visitor: &Visitor, order: OrderId) -> Result<Vec<Value>, Failure> {
    let payments = visitor.get(&format!("/api/payments?orderId={order}")).await;
    match payments {
        // Payments has not heard of an order that was made a moment ago.
        Err(failure) if failure.status() == StatusCode::NOT_FOUND => Ok(Vec::new()),
        payments => payments,
    }
}
