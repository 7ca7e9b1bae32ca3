//! The endpoints of tickets, one file each.

mod create;
mod edit;
mod fields;
mod list;
mod show;
mod withdraw;

use axum::extract::FromRef;
use tessera_contracts::Fees;
use tessera_contracts::http::tickets::Ticket as Body;
use tessera_platform::http::Shelf;
use tessera_platform::service::Ctx;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::domain::{Details, Ticket};
use crate::store::Passed;

/// What they share.
#[derive(Clone)]
struct App {
    ctx: Ctx,
    passed: Passed,
    /// Lists that were written already.
    shelf: Shelf<String>,
}

impl FromRef<App> for Ctx {
    fn from_ref(app: &App) -> Ctx {
        app.ctx.clone()
    }
}

/// All of them.
pub fn routes(ctx: Ctx, passed: Passed) -> OpenApiRouter {
    let shelf = Shelf::default();
    OpenApiRouter::new()
        .routes(routes!(list::list_tickets, create::create_ticket))
        .routes(routes!(
            show::show_ticket,
            edit::edit_ticket,
            withdraw::withdraw_ticket
        ))
        .with_state(App { ctx, passed, shelf })
}

/// The address of a ticket.
fn location(ticket: &Ticket) -> String {
    format!("/api/tickets/{}", ticket.id)
}

/// A ticket as everybody sees it, with what the marketplace takes of its sale.
fn body(ticket: Ticket, fees: Fees) -> Body {
    let (order_id, status) = (ticket.state.order_id(), ticket.state.status());
    let Details {
        title,
        price,
        category,
        venue,
        city,
        country,
        starts_at,
        time_zone,
        section,
        row,
        seat,
    } = ticket.details;
    Body {
        id: ticket.id,
        version: ticket.version,
        user_id: ticket.user_id,
        title: title.into(),
        price: price.amount(),
        fee: fees.buyer.of(price.money()).amount(),
        total: fees.buyer.on_top_of(price.money()).amount(),
        seller_fee: (!fees.seller.is_none()).then(|| fees.seller.of(price.money()).amount()),
        currency: price.currency(),
        status,
        order_id,
        category: category.map(String::from),
        venue: venue.map(String::from),
        city: city.map(String::from),
        country: country.map(String::from),
        starts_at,
        time_zone: time_zone.map(String::from),
        section: section.map(String::from),
        row: row.map(String::from),
        seat: seat.map(String::from),
        created_at: ticket.created_at,
        updated_at: ticket.updated_at,
    }
}
