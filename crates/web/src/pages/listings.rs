//! `GET /listings`: one's own listings, what may be done about each, and why not where not.

use askama::Template;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use tessera_contracts::TicketStatus;
use tessera_contracts::http::tickets::Ticket;
use tessera_platform::http::Failure;

use crate::catalogue::fill;
use crate::frame::Frame;
use crate::paging::Rows;
use crate::shown::Card;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "listings.html")]
pub(super) struct ListingsPage {
    pub(super) page: Frame,
    pub(super) since: i64,
    pub(super) rows: Vec<Row>,
    pub(super) first: Option<String>,
    pub(super) next: Option<String>,
}

pub(super) struct Row {
    pub(super) card: Card,
    pub(super) state: &'static str,
    pub(super) may_change: bool,
    /// Why it may not be changed.
    pub(super) why: String,
}

pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let user = visitor.must_be_user().await?;
    let Rows { rows, first, next } = visitor
        .rows::<Ticket>("/listings", "/api/tickets?seller=me", query.as_deref())
        .await?;
    let page = ListingsPage {
        page: visitor.frame(visitor.words().listings.heading, Some(user)),
        since: visitor.since(),
        rows: rows.iter().map(|ticket| row(&visitor, ticket)).collect(),
        first,
        next,
    };
    visitor.page(StatusCode::OK, &page)
}

pub(super) fn row(visitor: &Visitor, ticket: &Ticket) -> Row {
    let (t, locale) = (visitor.words(), visitor.locale);
    let words = &t.listings;
    let is_over = ticket.starts_at.is_some_and(|start| start <= visitor.now());
    let (state, why) = match ticket.status {
        TicketStatus::Available if is_over => (words.over, String::new()),
        TicketStatus::Available => (words.available, String::new()),
        TicketStatus::Reserved => (words.reserved, words.why_reserved.to_owned()),
        TicketStatus::Sold => {
            let when = locale.day_and_time(ticket.updated_at, ticket.time_zone.as_deref());
            (words.sold, fill(words.why_sold, &[&when]))
        }
        TicketStatus::Withdrawn => (words.withdrawn, words.why_withdrawn.to_owned()),
    };
    Row {
        card: Card::of_ticket(ticket, t, locale),
        state,
        may_change: ticket.status == TicketStatus::Available,
        why,
    }
}
