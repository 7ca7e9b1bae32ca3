//! `POST /api/orders`: reserves a ticket.

use axum::extract::State;
use jiff::SignedDuration;
use tessera_contracts::http::Problem;
use tessera_contracts::http::orders::{NewOrder, Order as Answer};
use tessera_contracts::{Currency, Money, TicketId};
use tessera_platform::db::{DbError, Turn};
use tessera_platform::http::{
    Body, ClientAddress, Decimal, Failure, IdempotencyKey, Key, SignedIn, Stored, idempotency,
};
use tessera_platform::service::Ctx;
use tessera_platform::session::User;

use crate::domain::{Order, Reservation, Rules};
use crate::operations::{Reserve, is_not_heard_of, reserve};
use crate::store::tickets;

/// Reserves a ticket
///
/// The ticket is locked for the buyer until `expiresAt`. The order can be paid as soon as it is
/// `awaiting:payment`, usually some milliseconds later.
#[utoipa::path(
    post, path = "/api/orders", tag = "orders", request_body = NewOrder,
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]+$", description = "The same key gets the same answer, for 24 hours")),
    responses(
        (status = 201, description = "The ticket is reserved", body = Answer),
        (status = 400, description = "The body is not valid", body = Problem),
        (status = 401, description = "Not signed in", body = Problem),
        (status = 403, description = "One's own ticket", body = Problem),
        (status = 404, description = "No such ticket", body = Problem),
        (status = 409, description = "Reserved, sold, withdrawn, over, price changed, or too many unpaid orders", body = Problem),
        (status = 422, description = "The key was used with another body", body = Problem),
        (status = 429, description = "Too often", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn create(
    State(ctx): State<Ctx>,
    SignedIn(user): SignedIn,
    ClientAddress(address): ClientAddress,
    key: IdempotencyKey,
    body: Body,
) -> Result<Stored, Failure> {
    ctx.limits.reserve.check(user.id, address)?;
    let key = key.of(&body);
    if let Some(stored) = idempotency::replay(&ctx.db, key.as_ref()).await? {
        return Ok(stored);
    }
    let command = command(&ctx, user, &body)?;
    let first = take(&ctx, key.clone(), command.clone()).await;
    match first {
        // It was listed just now, and may still be on its way here.
        Err(failure) if is_not_heard_of(&failure) => {
            wait_for_ticket(&ctx, command.ticket_id).await?;
            take(&ctx, key, command).await
        }
        first => first,
    }
}

async fn take(ctx: &Ctx, key: Option<Key>, command: Reserve) -> Result<Stored, Failure> {
    // A crowd of buyers shares its commits.
    let turn = Turn {
        of: command.wish.user_id.uuid(),
        at: command.ticket_id.uuid(),
    };
    let reserve = idempotency::write_grouped(
        &ctx.db,
        turn,
        key,
        command,
        |tx, c| Box::pin(reserve(tx, c)),
        respond,
    );
    reserve.await
}

async fn wait_for_ticket(ctx: &Ctx, id: TicketId) -> Result<(), DbError> {
    let is_coming = || async { Ok(!tickets::is_known(&ctx.db, id).await?) };
    ctx.arrivals.wait_while(id.uuid(), is_coming).await
}

fn command(ctx: &Ctx, user: User, body: &Body) -> Result<Reserve, Failure> {
    let mut fields = body.fields()?;
    let ticket_id = fields.required("ticketId", |text: String| {
        text.parse::<TicketId>()
            .map_err(|_| "ticketId must be the id of a ticket")
    });
    let price = fields.optional("price", |price: Decimal| decimal(&price));
    let total = fields.optional("total", |total: Decimal| decimal(&total));
    fields.finish_with(|| {
        Some(Reserve {
            ticket_id: ticket_id?,
            wish: Reservation {
                id: ctx.ids.next().into(),
                user_id: user.id,
                price,
                total,
            },
            rules: rules(ctx),
        })
    })
}

/// The amount is read once the ticket, and with it the currency, is known; here it is only seen to
/// be one in some currency.
fn decimal(amount: &Decimal) -> Result<String, String> {
    let finest: Currency = "kwd".parse().unwrap_or(Currency::USD);
    match Money::parse(amount.as_str(), finest) {
        Ok(_) => Ok(amount.as_str().to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn rules(ctx: &Ctx) -> Rules {
    Rules {
        lock: SignedDuration::from_secs(ctx.settings.lock_seconds.into()),
        most_unpaid: ctx.settings.max_live_orders.map(u32::from),
        fees: ctx.settings.fees,
    }
}

fn respond(order: &Order) -> Stored {
    Stored::created(super::location(order), &super::body(order.clone()))
}
