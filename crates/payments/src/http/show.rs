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
    )
)]
pub async fn show_payment(
    State(app): State<App>,
    SignedIn(user): SignedIn,
    Path(id): Path<PaymentId>,
) -> Result<Json<Answer>, Failure> {
    let none = || Failure::not_found("payment_not_found", "There is no such payment.");
    let payment = payments::show(&app.ctx.db, id).await?.ok_or_else(none)?;
    if payment.user_id != user.id {
        let detail = "This payment is not yours.";
        return Err(Failure::forbidden("not_your_payment", detail));
    }
    Ok(Json(super::body(&payment)))
}
