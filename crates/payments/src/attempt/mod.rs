//! One attempt to pay, from the request to its answer: wait for the lock, record the intent, ask the
//! gateway, record what it says.
//!
//! Owns the order of these steps, and nothing that outlives the request: it may be cut off between any
//! two of them, and the worker finishes what is recorded.

mod wait;

use tessera_platform::db::DbError;
use tessera_platform::http::idempotency::{Begun, Key};
use tessera_platform::http::{Failure, Stored, idempotency};

use crate::App;
use crate::domain::{Authorization, Intent, Payment};
use crate::gateway::GatewayError;
use crate::http::{answer, answer_under_way};
use crate::operations::{Answered, Begin, Silence, as_it_stands, begin, postpone, record_answer};
use crate::store::payments::{self, Due};

/// Tries to pay as `wish` says, or answers again what the first request with this `key` was answered.
pub async fn pay(app: &App, key: Option<Key>, wish: Begin) -> Result<Stored, Failure> {
    wait::for_lock(&app.ctx, wish.order_id, wish.user_id).await?;
    let (id, db) = (wish.id.uuid(), &app.ctx.db);
    let begun = idempotency::begin(db, key, id, wish, |tx, wish| Box::pin(begin(tx, wish)));
    let payment = match begun.await? {
        Begun::Started(payment) => payment,
        Begun::Replayed(stored) => return Ok(stored),
    };
    match app.gateway.authorize(&payment, 0).await {
        Ok(answer) => record(app, payment, answer).await,
        Err(error) => leave_to_worker(app, payment, &error).await,
    }
}

/// Looks at what became of a payment that its payer was to confirm, or whose outcome is not known.
pub async fn look(app: &App, payment: Payment) -> Result<Stored, Failure> {
    if payment.state.intent() != Some(Intent::Resolve) {
        let attempts = app.ctx.settings.payment_attempts;
        let shown = app
            .ctx
            .db
            .write((payment, attempts), |tx, (payment, attempts)| {
                Box::pin(as_it_stands(tx, payment, *attempts))
            });
        return Ok(answer(&shown.await?));
    }
    let round = payments::round(&app.ctx.db, payment.id).await?;
    match app.gateway.resolve(&payment, round).await {
        Ok(said) => record(app, payment, said).await,
        Err(error) => {
            tracing::warn!(payment = %payment.id, %error, "the outcome of a payment is not known yet");
            Ok(answer_under_way(&payment))
        }
    }
}

async fn record(app: &App, payment: Payment, said: Authorization) -> Result<Stored, Failure> {
    let under_way = answer_under_way(&payment);
    let attempts = app.ctx.settings.payment_attempts;
    let answered = Answered {
        payment,
        answer: said,
        attempts,
    };
    let recorded = app.ctx.db.write(answered, |tx, answered| {
        Box::pin(record_answer(tx, answered))
    });
    match recorded.await {
        Ok(recorded) => Ok(answer(&recorded)),
        // The gateway knows the outcome, and the worker will ask it.
        Err(error) if error.is_transient() => {
            tracing::warn!(%error, "the outcome of a payment was not recorded at once");
            Ok(under_way)
        }
        Err(error) => Err(error.into()),
    }
}

/// The outcome is not known: the worker asks soon, instead of giving this request its time.
async fn leave_to_worker(
    app: &App,
    payment: Payment,
    error: &GatewayError,
) -> Result<Stored, Failure> {
    tracing::warn!(payment = %payment.id, %error, "the outcome of a payment is not known yet");
    let under_way = answer_under_way(&payment);
    let due = Due {
        payment,
        tries: 0,
        round: 0,
        trace: None,
    };
    let why = Silence::after(error);
    let postponed: Result<(), DbError> = app
        .ctx
        .db
        .write((due, why), |tx, (due, why)| {
            Box::pin(postpone(tx, due, *why))
        })
        .await;
    if let Err(error) = postponed {
        // It is due a little later, then.
        tracing::warn!(%error, "the worker was not told of a payment");
    }
    Ok(under_way)
}
