//! `DELETE /api/tickets/{id}`: takes a listing off the market.

use axum::extract::State;
use axum::http::StatusCode;
use tessera_contracts::TicketId;
use tessera_contracts::http::Problem;
use tessera_platform::http::{Failure, IfMatch, Path, SignedIn};
use tessera_platform::service::Ctx;

use crate::operations::{Withdraw, withdraw};

/// Withdraws a listing of one's own, for good
///
/// Withdrawing one that is withdrawn already changes nothing.
#[utoipa::path(
    delete, path = "/api/tickets/{id}", tag = "tickets",
    params(
        ("id" = TicketId, Path, description = "The ticket"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = r#"^(\*|(W/)?"[^"]*"( *, *(W/)?"[^"]*")*)$"#, description = "The `ETag` of the version to withdraw"),
    ),
    responses(
        (status = 204, description = "It is withdrawn"),
        (status = 400, description = "`If-Match` is not valid", body = Problem),
        (status = 401, description = "Not signed in", body = Problem),
        (status = 403, description = "Another's ticket", body = Problem),
        (status = 404, description = "No such ticket", body = Problem),
        (status = 409, description = "Reserved or sold", body = Problem),
        (status = 412, description = "It is of another version", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn withdraw_ticket(
    State(ctx): State<Ctx>,
    SignedIn(user): SignedIn,
    Path(id): Path<TicketId>,
    if_match: IfMatch,
) -> Result<StatusCode, Failure> {
    let command = Withdraw {
        id,
        user_id: user.id,
        if_match,
    };
    let withdraw = ctx
        .db
        .write(command, |tx, command| Box::pin(withdraw(tx, command)));
    withdraw.await?;
    Ok(StatusCode::NO_CONTENT)
}
