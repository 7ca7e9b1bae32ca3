//! `POST /api/payments/{id}/confirmation`: the payer has confirmed a payment with their bank, or has not.

use axum::extract::State;
use tessera_contracts::PaymentId;
use tessera_contracts::http::Problem;
use tessera_contracts::http::payments::Payment as Answer;
use tessera_platform::http::{ClientAddress, Failure, Path, SignedIn, Stored};

use crate::App;
use crate::attempt;
use crate::store::payments;

/// Looks at what became of a payment that its payer was to confirm
///
/// Nothing has to be sent: the card gateway is asked. It also tells of its own accord, a little later.
#[utoipa::path(
    post, path = "/api/payments/{id}/confirmation", tag = "payments",
    params(("id" = PaymentId, Path, description = "The payment")),
    responses(
        (status = 201, description = "The card is authorized", body = Answer),
        (status = 202, description = "It is still to be confirmed, or its outcome is not known yet", body = Answer),
        (status = 401, description = "Not signed in", body = Problem),
        (status = 402, description = "It was declined; `attemptsLeft` says how often it may be tried again", body = Problem),
        (status = 403, description = "Another's payment", body = Problem),
        (status = 404, description = "No such payment", body = Problem),
        (status = 409, description = "The order ended before it was paid", body = Problem),
        (status = 429, description = "Too often", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn confirm_payment(
    State(app): State<App>,
    SignedIn(user): SignedIn,
    ClientAddress(address): ClientAddress,
    Path(id): Path<PaymentId>,
) -> Result<Stored, Failure> {
    app.ctx.limits.pay.check(user.id, address)?;
    let payment = payments::show(&app.ctx.db, id).await?;
    let payment = payment.ok_or_else(super::no_payment)?;
    if payment.user_id != user.id {
        return Err(super::not_yours());
    }
    attempt::look(&app, payment).await
}
