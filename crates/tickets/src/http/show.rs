//! `GET /api/tickets/{id}`: one ticket.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use tessera_contracts::TicketId;
use tessera_contracts::http::Problem;
use tessera_contracts::http::tickets::Ticket as Answer;
use tessera_platform::http::conditional::{IfNoneMatch, etag};
use tessera_platform::http::{Failure, Path};
use tessera_platform::service::Ctx;

use crate::operations::OwnError;
use crate::store::tickets;

/// Shows a ticket, in whatever state it is
#[utoipa::path(
    get, path = "/api/tickets/{id}", tag = "tickets",
    params(
        ("id" = TicketId, Path, description = "The ticket"),
        ("If-None-Match" = Option<String>, Header, nullable = false, description = "The `ETag` of the version that one has"),
    ),
    responses(
        (status = 200, description = "The ticket", body = Answer, headers(("ETag" = String, description = "Its version"))),
        (status = 304, description = "It is of the version that one has"),
        (status = 404, description = "No such ticket", body = Problem),
    )
)]
pub async fn show_ticket(
    State(ctx): State<Ctx>,
    Path(id): Path<TicketId>,
    has: IfNoneMatch,
) -> Result<Response, Failure> {
    let ticket = tickets::show(&ctx.db, id)
        .await?
        .ok_or(OwnError::NoTicket)?;
    let version = [(header::ETAG, etag(ticket.version))];
    if has.has(ticket.version) {
        return Ok((StatusCode::NOT_MODIFIED, version).into_response());
    }
    Ok((version, Json(super::body(ticket, ctx.settings.fees))).into_response())
}
