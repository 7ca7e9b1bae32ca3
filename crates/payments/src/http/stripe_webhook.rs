//! `POST /api/payments/webhooks/stripe`: what Stripe tells of its own accord.

use axum::Json;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use serde_json::{Value, json};
use tessera_contracts::http::Problem;
use tessera_platform::http::{Failure, whole_body};

use crate::App;
use crate::store::hints::{self, Hint};

/// Takes a signed event of Stripe
///
/// It is taken for a hint at what to look at: what counts is how things stand at Stripe then. Without
/// `STRIPE_WEBHOOK_SECRET` no signature can be good, so every event is refused.
#[utoipa::path(
    post, path = "/api/payments/webhooks/stripe", tag = "payments",
    params(("Stripe-Signature" = String, Header, description = "As Stripe signs it")),
    responses(
        (status = 200, description = "It is noted, or was before", body = Value),
        (status = 400, description = "The signature is bad", body = Problem),
    )
)]
pub async fn receive(State(app): State<App>, request: Request) -> Result<Json<Value>, Failure> {
    let signature = request.headers().get("stripe-signature").cloned();
    let signature = signature.as_ref().and_then(|value| value.to_str().ok());
    let body = whole_body(request).await?;
    let news = app.gateway.hear(signature, &body).map_err(|_| {
        let detail = "The signature of this event is not one of Stripe's.";
        Failure::new(StatusCode::BAD_REQUEST, "bad_signature", detail)
    })?;
    if let Some(hint) = Hint::at(news) {
        let noted = app
            .ctx
            .db
            .write(hint, |tx, hint| Box::pin(hints::insert(tx, hint)));
        noted.await?;
    }
    Ok(Json(json!({})))
}
