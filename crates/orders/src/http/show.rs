//! `GET /api/orders/{id}`: one order.

use axum::Json;
use axum::extract::State;
use tessera_contracts::OrderId;
use tessera_contracts::http::Problem;
use tessera_contracts::http::orders::Order as Answer;
use tessera_platform::http::{Failure, Path, SignedIn};
use tessera_platform::service::Ctx;

use crate::operations::CancelError;
use crate::store::orders;

/// Shows an order to its buyer
#[utoipa::path(
    get, path = "/api/orders/{id}", tag = "orders",
    params(("id" = OrderId, Path, description = "The order")),
    responses(
        (status = 200, description = "The order", body = Answer),
        (status = 401, description = "Not signed in", body = Problem),
        (status = 403, description = "Another's order", body = Problem),
        (status = 404, description = "No such order", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn show(
    State(ctx): State<Ctx>,
    SignedIn(user): SignedIn,
    Path(id): Path<OrderId>,
) -> Result<Json<Answer>, Failure> {
    let order = orders::show(&ctx.db, id)
        .await?
        .ok_or(CancelError::NoOrder)?;
    if order.user_id != user.id {
        return Err(CancelError::NotYours.into());
    }
    Ok(Json(super::body(order)))
}
