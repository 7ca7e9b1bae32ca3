//! `GET /api/payments/statement`: what made a seller's balance what it is.

use axum::extract::State;
use tessera_contracts::http::Problem;
use tessera_contracts::http::payments::StatementLine as Answer;
use tessera_platform::http::{Failure, Listing, Page, PageParams, SignedIn};
use uuid::Uuid;

use crate::App;
use crate::store::ledger::{self, Line};

/// Lists what came to one's balance and what went, the newest first
#[utoipa::path(
    get, path = "/api/payments/statement", tag = "payments", params(PageParams),
    responses(
        (status = 200, description = "A page of lines; the `Link` header leads to the next", body = [Answer]),
        (status = 400, description = "A parameter is not valid", body = Problem),
        (status = 401, description = "Not signed in", body = Problem),
    ),
    security(("session" = []), ("bearer" = [])),
)]
pub async fn list_statement(
    State(app): State<App>,
    SignedIn(user): SignedIn,
    page: Page,
) -> Result<Listing<Answer>, Failure> {
    let before = page.after()?.unwrap_or(Uuid::max());
    let rows = ledger::statement(&app.ctx.db, user.id, before, page.fetch()).await?;
    Ok(page.answer(rows, |line| line.id, answer))
}

fn answer(line: Line) -> Answer {
    Answer {
        id: line.id,
        at: line.at,
        kind: line.kind,
        order_id: line.order,
        title: line.title,
        amount: line.amount.into(),
        currency: line.amount.currency(),
        note: line.note,
    }
}
