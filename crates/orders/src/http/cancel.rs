//! `DELETE /api/orders/{id}`: gives an order up.

use axum::extract::State;
use axum::http::StatusCode;
use tessera_contracts::OrderId;
use tessera_contracts::http::Problem;
use tessera_platform::http::{Failure, Path, SignedIn};
use tessera_platform::service::Ctx;

use crate::operations::{Cancel, cancel};

/// Cancels an order, and frees its ticket
///
/// Cancelling an order that is cancelled already changes nothing.
#[utoipa::path(
    delete, path = "/api/orders/{id}", tag = "orders",
    params(("id" = OrderId, Path, description = "The order")),
    responses(
        (status = 204, description = "The order is cancelled"),
        (status = 401, description = "Not signed in", body = Problem),
        (status = 403, description = "Another's order", body = Problem),
        (status = 404, description = "No such order", body = Problem),
        (status = 409, description = "It is complete", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn cancel_order(
    State(ctx): State<Ctx>,
    SignedIn(user): SignedIn,
    Path(id): Path<OrderId>,
) -> Result<StatusCode, Failure> {
    let command = Cancel {
        id,
        user_id: user.id,
    };
    ctx.db
        .write(command, |tx, command| Box::pin(cancel(tx, command)))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
