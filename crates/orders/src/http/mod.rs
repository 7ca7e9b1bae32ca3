//! The endpoints of orders, one file each.

mod cancel;
mod create;
mod list;
mod show;

use tessera_contracts::http::orders::Order as Body;
use tessera_platform::service::Ctx;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::Order;

/// All of them.
pub fn routes(ctx: Ctx) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(list::list, create::create))
        .routes(routes!(show::show, cancel::cancel_order))
        .with_state(ctx)
}

/// The address of an order.
fn location(order: &Order) -> String {
    format!("/api/orders/{}", order.id)
}

/// An order as its buyer sees it.
fn body(order: Order) -> Body {
    Body {
        id: order.id,
        version: order.version,
        user_id: order.user_id,
        status: order.state.status(),
        cancel_reason: order.state.cancel_reason(),
        expires_at: order.expires_at,
        price: order.amounts.price.amount(),
        fee: order.amounts.fee.amount(),
        total: order.amounts.total.amount(),
        currency: order.amounts.total.currency(),
        ticket: order.ticket,
        created_at: order.created_at,
        updated_at: order.updated_at,
    }
}
