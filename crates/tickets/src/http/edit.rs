//! `PUT /api/tickets/{id}`: changes a listing.

use axum::Json;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use tessera_contracts::TicketId;
use tessera_contracts::http::Problem;
use tessera_contracts::http::tickets::{Ticket as Answer, TicketChange};
use tessera_platform::http::conditional::etag;
use tessera_platform::http::{Body, Failure, IfMatch, Path, SignedIn};
use tessera_platform::service::Ctx;

use super::fields;
use crate::operations::{Edit, OwnError, edit};
use crate::store::tickets;

/// Changes what a listing of one's own says
///
/// A field that is left out keeps its value, and `null` clears it. Nothing changes while an order
/// holds the ticket.
#[utoipa::path(
    put, path = "/api/tickets/{id}", tag = "tickets", request_body = TicketChange,
    params(
        ("id" = TicketId, Path, description = "The ticket"),
        ("If-Match" = Option<String>, Header, nullable = false, pattern = r#"^(\*|(W/)?"[^"]*"( *, *(W/)?"[^"]*")*)$"#, description = "The `ETag` of the version to change"),
    ),
    responses(
        (status = 200, description = "The ticket as it is now", body = Answer, headers(("ETag" = String, description = "Its version"))),
        (status = 400, description = "The body is not valid", body = Problem),
        (status = 401, description = "Not signed in", body = Problem),
        (status = 403, description = "Another's ticket", body = Problem),
        (status = 404, description = "No such ticket", body = Problem),
        (status = 409, description = "Reserved, sold, or withdrawn", body = Problem),
        (status = 412, description = "It is of another version", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn edit_ticket(
    State(ctx): State<Ctx>,
    SignedIn(user): SignedIn,
    Path(id): Path<TicketId>,
    if_match: IfMatch,
    body: Body,
) -> Result<impl IntoResponse, Failure> {
    // Only to read the body by; whether it may be changed is decided in the transaction.
    let seen = tickets::show(&ctx.db, id)
        .await?
        .ok_or(OwnError::NoTicket)?;
    if seen.user_id != user.id {
        return Err(OwnError::NotYours.into());
    }
    let (fees, now) = (ctx.settings.fees, ctx.clock.now());
    let (change, completed_from) = fields::change(body.fields()?, &seen.details, fees.buyer, now)?;
    let command = Edit {
        id,
        user_id: user.id,
        if_match,
        change,
        completed_from,
    };
    let edit = ctx
        .db
        .write(command, |tx, command| Box::pin(edit(tx, command)));
    let ticket = edit.await?;
    let version = [(header::ETAG, etag(ticket.version))];
    Ok((version, Json(super::body(ticket, fees))))
}
