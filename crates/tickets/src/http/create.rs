//! `POST /api/tickets`: lists a ticket.

use axum::extract::State;
use tessera_contracts::Fees;
use tessera_contracts::http::Problem;
use tessera_contracts::http::tickets::{NewTicket, Ticket as Answer};
use tessera_platform::http::{Body, Failure, IdempotencyKey, SignedIn, Stored, idempotency};
use tessera_platform::service::Ctx;

use super::fields;
use crate::domain::Ticket;
use crate::operations::{Create, create};

/// Lists a ticket for sale
#[utoipa::path(
    post, path = "/api/tickets", tag = "tickets", request_body = NewTicket,
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]+$", description = "The same key gets the same answer, for 24 hours")),
    responses(
        (status = 201, description = "The ticket is for sale", body = Answer),
        (status = 400, description = "The body is not valid", body = Problem),
        (status = 401, description = "Not signed in", body = Problem),
        (status = 409, description = "A request with the same key is under way", body = Problem),
        (status = 422, description = "The key was used with another body", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn create_ticket(
    State(ctx): State<Ctx>,
    SignedIn(user): SignedIn,
    key: IdempotencyKey,
    body: Body,
) -> Result<Stored, Failure> {
    let key = key.of(&body);
    if let Some(stored) = idempotency::replay(&ctx.db, key.as_ref()).await? {
        return Ok(stored);
    }
    let fees = ctx.settings.fees;
    let command = Create {
        id: ctx.ids.next().into(),
        user_id: user.id,
        details: fields::new_details(body.fields()?, fees.buyer, ctx.clock.now())?,
    };
    let create = idempotency::write(
        &ctx.db,
        key,
        (command, fees),
        |tx, (command, fees)| {
            Box::pin(async { create(tx, command).await.map(|ticket| (ticket, *fees)) })
        },
        |(ticket, fees)| respond(ticket, *fees),
    );
    create.await
}

fn respond(ticket: &Ticket, fees: Fees) -> Stored {
    let body = super::body(ticket.clone(), fees);
    Stored::created(super::location(ticket), &body)
}
