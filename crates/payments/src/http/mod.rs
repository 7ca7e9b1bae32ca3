//! The endpoints of payments, one file each.

mod answer;
mod create;
mod list;
mod show;
mod stripe_webhook;

use tessera_contracts::http::payments::Payment as Body;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::App;
use crate::domain::{Payment, State};

pub use answer::{answer, answer_under_way};

/// All of them.
pub fn routes(app: App) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list::list_payments, create::create_payment))
        .routes(routes!(show::show_payment))
        .routes(routes!(stripe_webhook::receive))
        .with_state(app)
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
        decline_code: match &payment.state {
            State::Declined(decline) => Some(decline.code.clone()),
            _ => None,
        },
        amount: payment.amount.amount(),
        currency: payment.amount.currency(),
        created_at: payment.created_at,
    }
}
