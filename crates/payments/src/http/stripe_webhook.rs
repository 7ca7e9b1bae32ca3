//! `POST /api/payments/webhooks/stripe`: what Stripe tells of its own accord.

use axum::http::StatusCode;
use tessera_contracts::http::Problem;
use tessera_platform::http::Failure;

/// Takes a signed event of Stripe
///
/// Without `STRIPE_WEBHOOK_SECRET` no signature can be good, so every event is refused.
#[utoipa::path(
    post, path = "/api/payments/webhooks/stripe", tag = "payments",
    responses((status = 400, description = "The signature is bad", body = Problem))
)]
pub async fn receive() -> Failure {
    let detail = "The signature of this event is not one of Stripe's.";
    Failure::new(StatusCode::BAD_REQUEST, "bad_signature", detail)
}
