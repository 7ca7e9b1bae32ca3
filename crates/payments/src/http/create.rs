//! `POST /api/payments`: pays an order.

use axum::extract::State;
use tessera_contracts::OrderId;
use tessera_contracts::http::Problem;
use tessera_contracts::http::payments::{NewPayment, Payment as Answer};
use tessera_platform::http::{
    Body, ClientAddress, Failure, IdempotencyKey, SignedIn, Stored, idempotency,
};
use tessera_platform::session::User;

use crate::App;
use crate::attempt;
use crate::operations::Begin;

/// Pays an order
///
/// The amount is held on the card, and charged once the order is `complete`. An order that is still
/// `created` is waited for, up to two seconds. A declined card may be followed by another attempt, as
/// long as the order lasts and `attemptsLeft` is not 0.
#[utoipa::path(
    post, path = "/api/payments", tag = "payments", request_body = NewPayment,
    params(("Idempotency-Key" = Option<String>, Header, nullable = false, min_length = 1, max_length = 255, pattern = "^[!-~]+$", description = "The same key gets the same answer, for 24 hours")),
    responses(
        (status = 201, description = "The card is authorized", body = Answer),
        (status = 202, description = "The outcome is not known yet: ask for the payment in a moment", body = Answer),
        (status = 400, description = "The body is not valid", body = Problem),
        (status = 401, description = "Not signed in", body = Problem),
        (status = 402, description = "The card was declined; `attemptsLeft` says how often it may be tried again", body = Problem),
        (status = 403, description = "Another's order", body = Problem),
        (status = 404, description = "No such order", body = Problem),
        (status = 409, description = "The order cannot be paid (now), or a payment of it is under way or done", body = Problem),
        (status = 422, description = "The key was used with another body", body = Problem),
        (status = 429, description = "Too often", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn create_payment(
    State(app): State<App>,
    SignedIn(user): SignedIn,
    ClientAddress(address): ClientAddress,
    key: IdempotencyKey,
    body: Body,
) -> Result<Stored, Failure> {
    app.ctx.limits.pay.check(user.id, address)?;
    let key = key.of(&body);
    if let Some(stored) = idempotency::replay(&app.ctx.db, key.as_ref()).await? {
        return Ok(stored);
    }
    let wish = wish(&app, user, &body)?;
    attempt::pay(&app, key, wish).await
}

fn wish(app: &App, user: User, body: &Body) -> Result<Begin, Failure> {
    let mut fields = body.fields()?;
    let order_id = fields.required("orderId", |text: String| {
        text.parse::<OrderId>()
            .map_err(|_| "orderId must be the id of an order")
    });
    let token = fields.required("token", |text: String| app.gateway.check_token(text));
    fields.finish_with(|| {
        Some(Begin {
            id: app.ctx.ids.next().into(),
            order_id: order_id?,
            user_id: user.id,
            token: token?,
            attempts: app.ctx.settings.payment_attempts,
        })
    })
}
