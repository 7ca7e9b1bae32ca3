//! `GET /api/payments/balance`: what a seller has of their sales.

use axum::Json;
use axum::extract::State;
use tessera_contracts::http::Problem;
use tessera_contracts::http::payments::Balance as Answer;
use tessera_platform::http::{Failure, SignedIn};

use crate::App;
use crate::store::ledger;

/// Shows what one has of one's sales, by currency
#[utoipa::path(
    get, path = "/api/payments/balance", tag = "payments",
    responses(
        (status = 200, description = "A balance for each currency that one sold in", body = [Answer]),
        (status = 401, description = "Not signed in", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn show_balance(
    State(app): State<App>,
    SignedIn(user): SignedIn,
) -> Result<Json<Vec<Answer>>, Failure> {
    let balances = ledger::balances(&app.ctx.db, user.id).await?;
    let answers = balances.into_iter().map(|balance| Answer {
        currency: balance.payable.currency(),
        payable: balance.payable.into(),
        frozen: balance.frozen.into(),
        paid_out: balance.paid_out.into(),
    });
    Ok(Json(answers.collect()))
}
