//! `GET /listings`: one's own listings, what may be done about each, and why not where not; and what they have brought in.

use askama::Template;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use tessera_contracts::http::payments::Balance;
use tessera_contracts::http::tickets::Ticket;
use tessera_contracts::{SignedAmount, TicketStatus};
use tessera_platform::http::Failure;

use crate::catalogue::fill;
use crate::frame::Frame;
use crate::paging::Rows;
use crate::shown::{self, Card};
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "listings.html")]
pub(super) struct ListingsPage {
    pub(super) page: Frame,
    pub(super) since: i64,
    /// Whether anything was sold yet.
    pub(super) has_statement: bool,
    /// By currency, where there is something.
    pub(super) purses: Vec<Purse>,
    pub(super) rows: Vec<Row>,
    pub(super) first: Option<String>,
    pub(super) next: Option<String>,
}

/// What a seller has in one currency.
pub(super) struct Purse {
    pub(super) payable: Figure,
    /// Only where something is.
    pub(super) frozen: Option<Figure>,
    pub(super) paid_out: Figure,
}

/// An amount, and what it is.
pub(super) struct Figure {
    pub(super) name: &'static str,
    pub(super) amount: String,
}

pub(super) struct Row {
    pub(super) card: Card,
    pub(super) state: &'static str,
    pub(super) may_change: bool,
    /// What it brings in.
    pub(super) earns: Option<String>,
    /// Why it may not be changed.
    pub(super) why: String,
}

pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let user = visitor.must_be_user().await?;
    let rows = visitor.rows::<Ticket>("/listings", "/api/tickets?seller=me", query.as_deref());
    let (rows, balances) = tokio::join!(rows, balances(&visitor));
    let Rows { rows, first, next } = rows?;
    let page = ListingsPage {
        page: visitor.frame(visitor.words().listings.heading, Some(user)),
        since: visitor.since(),
        has_statement: !balances.is_empty(),
        purses: purses(&visitor, &balances),
        rows: rows.iter().map(|ticket| row(&visitor, ticket)).collect(),
        first,
        next,
    };
    visitor.page(StatusCode::OK, &page)
}

/// What was sold is told also where payments cannot tell what it has brought in.
async fn balances(visitor: &Visitor) -> Vec<Balance> {
    let balances = visitor.get("/api/payments/balance").await;
    balances.unwrap_or_else(|failure| {
        tracing::info!("listings are shown without what they have brought in: {failure}");
        Vec::new()
    })
}

pub(super) fn purses(visitor: &Visitor, balances: &[Balance]) -> Vec<Purse> {
    let balances = balances.iter();
    balances
        .filter_map(|balance| purse(visitor, balance))
        .collect()
}

fn purse(visitor: &Visitor, balance: &Balance) -> Option<Purse> {
    let words = &visitor.words().listings.money;
    let (payable, frozen, paid_out) = (&balance.payable, &balance.frozen, &balance.paid_out);
    let is_some = |amount: &SignedAmount| {
        let money = amount.magnitude().money(balance.currency);
        money.is_ok_and(|money| money.minor() != 0)
    };
    if ![payable, frozen, paid_out].into_iter().any(is_some) {
        return None;
    }
    let figure = |name, amount: &SignedAmount| Figure {
        name,
        amount: visitor.locale.money(&amount.magnitude(), balance.currency),
    };
    let name = if payable.is_negative() {
        words.owed
    } else {
        words.payable
    };
    Some(Purse {
        payable: figure(name, payable),
        frozen: is_some(frozen).then(|| figure(words.frozen, frozen)),
        paid_out: figure(words.paid_out, paid_out),
    })
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
        earns: shown::earns(ticket, t, locale),
        state,
        may_change: ticket.status == TicketStatus::Available,
        why,
    }
}
