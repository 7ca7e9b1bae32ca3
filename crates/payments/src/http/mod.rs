//! The endpoints of payments, one file each.

mod answer;
mod balance;
mod confirm;
mod create;
mod list;
mod show;
mod statement;
mod stripe_webhook;

use tessera_contracts::Money;
use tessera_contracts::http::payments::Payment as Body;
use tessera_platform::http::Failure;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::domain::Payment;

pub use answer::{answer, answer_under_way};

/// All of them.
pub fn routes(app: App) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list::list_payments, create::create_payment))
        .routes(routes!(balance::show_balance))
        .routes(routes!(statement::list_statement))
        .routes(routes!(show::show_payment))
        .routes(routes!(confirm::confirm_payment))
        .routes(routes!(stripe_webhook::receive))
        .with_state(app)
}

fn no_payment() -> Failure {
    Failure::not_found("payment_not_found", "There is no such payment.")
}

fn not_yours() -> Failure {
    Failure::forbidden("not_your_payment", "This payment is not yours.")
}

/// The address of a payment.
fn location(payment: &Payment) -> String {
    format!("/api/payments/{}", payment.id)
}

/// A payment as its payer sees it.
fn body(payment: &Payment) -> Body {
    Body {
        id: payment.id,
        order_id: payment.order_id,
        status: payment.state.status(),
        decline_code: payment.state.decline().map(|decline| decline.code.clone()),
        client_secret: payment
            .state
            .client_secret()
            .map(|secret| secret.as_str().to_owned()),
        amount: payment.amount.amount(),
        refunded: payment.given_back().map(Money::amount),
        currency: payment.amount.currency(),
        created_at: payment.created_at,
    }
}
