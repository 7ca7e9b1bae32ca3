//! `GET /api/payments/{id}`: one payment.

use axum::Json;
use axum::extract::State;
use tessera_contracts::PaymentId;
use tessera_contracts::http::Problem;
use tessera_contracts::http::payments::Payment as Answer;
use tessera_platform::http::{Failure, Path, SignedIn};

use crate::App;
use crate::store::payments;

/// Shows a payment to its payer
#[utoipa::path(
    get, path = "/api/payments/{id}", tag = "payments",
    params(("id" = PaymentId, Path, description = "The payment")),
    responses(
        (status = 200, description = "The payment", body = Answer),
        (status = 401, description = "Not signed in", body = Problem),
        (status = 403, description = "Another's payment", body = Problem),
        (status = 404, description = "No such payment", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn show_payment(
    State(app): State<App>,
    SignedIn(user): SignedIn,
    Path(id): Path<PaymentId>,
) -> Result<Json<Answer>, Failure> {
    let payment = payments::show(&app.ctx.db, id).await?;
    let payment = payment.ok_or_else(super::no_payment)?;
    if payment.user_id != user.id {
        return Err(super::not_yours());
    }
    Ok(Json(super::body(&payment)))
}
