//! `GET /api/orders`: one's own orders.

use axum::extract::State;
use tessera_contracts::OrderId;
use tessera_contracts::http::Problem;
use tessera_contracts::http::orders::Order as Answer;
use tessera_platform::http::{Failure, Listing, Page, PageParams, SignedIn};
use tessera_platform::service::Ctx;
use uuid::Uuid;

use crate::store::orders;

/// Lists one's own orders, the newest first
#[utoipa::path(
    get, path = "/api/orders", tag = "orders", params(PageParams),
    responses(
        (status = 200, description = "A page of orders; the `Link` header leads to the next", body = [Answer]),
        (status = 400, description = "A parameter is not valid", body = Problem),
        (status = 401, description = "Not signed in", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn list(
    State(ctx): State<Ctx>,
    SignedIn(user): SignedIn,
    page: Page,
) -> Result<Listing<Answer>, Failure> {
    let before = page.after()?.unwrap_or(OrderId::from(Uuid::max()));
    let rows = orders::list(&ctx.db, user.id, before, page.fetch()).await?;
    Ok(page.answer(rows, |order| order.id, super::body))
}
