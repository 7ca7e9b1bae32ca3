//! `/tickets/{id}`: everything about one listing, and what this visitor may do about it.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use tessera_contracts::http::orders::Order;
use tessera_contracts::http::tickets::Ticket;
use tessera_contracts::http::users::User;
use tessera_contracts::{OrderStatus, TicketId, TicketStatus};
use tessera_platform::http::{Failure, Path};

use crate::catalogue::{Catalogue, Standing, fill, find};
use crate::form::Form;
use crate::frame::Frame;
use crate::locale::Locale;
use crate::notice::Notice;
use crate::shown::{self, Card};
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "ticket.html")]
pub(super) struct TicketPage {
    pub(super) page: Frame,
    pub(super) since: i64,
    pub(super) card: Card,
    /// The name of the event's time zone.
    pub(super) zone: Option<String>,
    pub(super) listed: String,
    /// What the price is, and includes.
    pub(super) all_in: String,
    /// What its seller gets of it, told to them alone.
    pub(super) earns: Option<String>,
    pub(super) lock_hint: String,
    /// What is said aloud when the page changes by itself.
    pub(super) news: String,
    pub(super) notice: Option<Notice>,
    pub(super) act: Act,
}

/// What a visitor may do about a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Act {
    Buy {
        /// As it is shown.
        price: String,
        key: String,
    },
    SignIn,
    /// It is theirs, and free.
    Own,
    Pay {
        order: String,
    },
    Bought {
        order: String,
    },
    Nothing {
        text: &'static str,
        hint: String,
    },
}

/// A listing, and how its visitor stands to it.
pub(super) struct Seen {
    pub(super) ticket: Ticket,
    pub(super) user: Option<User>,
    /// The order that holds it or bought it, if it is the visitor's.
    pub(super) order: Option<Order>,
}

pub(super) async fn show(visitor: Visitor, Path(id): Path<TicketId>) -> Result<Response, Failure> {
    let seen = see(&visitor, id).await?;
    let notice = said(&visitor, &seen);
    let page = page(&visitor, &seen, notice);
    visitor.page(StatusCode::OK, &page)
}

/// Reserves it, for whoever pressed the button.
pub(super) async fn reserve(
    visitor: Visitor,
    Path(id): Path<TicketId>,
    form: Form,
) -> Result<Response, Failure> {
    // Renews a session that is about to be needed; whether it counts is for orders to say.
    visitor.user_if_known().await;
    let body = json!({ "ticketId": id, "total": form.text("price") });
    let answer = visitor
        .post_once("/api/orders", &body, form.text("key"))
        .await?;
    let refusal = match answer.accepted() {
        Ok(answer) => {
            let order: Order = answer.read()?;
            return visitor.see_other(&format!("/orders/{}", order.id));
        }
        Err(failure) => failure,
    };
    let is_told_here = matches!(
        refusal.status(),
        StatusCode::CONFLICT | StatusCode::FORBIDDEN
    );
    if !is_told_here {
        return Err(refusal);
    }
    let seen = see(&visitor, id).await?;
    let t = visitor.words();
    let text = find(t.ticket.refused, refusal.code()).unwrap_or(t.refusals.try_again);
    let page = page(&visitor, &seen, Some(Notice::bad(text)));
    visitor.refused(&refusal, &page)
}

pub(super) async fn see(visitor: &Visitor, id: TicketId) -> Result<Seen, Failure> {
    let path = format!("/api/tickets/{id}");
    let (user, ticket) = tokio::join!(visitor.user_if_known(), visitor.get::<Ticket>(&path));
    let ticket = ticket?;
    let order = match ticket.order_id {
        // Who sells it does not buy it.
        Some(order) if user.as_ref().is_some_and(|user| user.id != ticket.user_id) => {
            // Of somebody else's order, or of one that is not heard of yet, nothing is told.
            let order = visitor.get::<Order>(&format!("/api/orders/{order}")).await;
            order
                .ok()
                .filter(|order| order.status != OrderStatus::Cancelled)
        }
        _ => None,
    };
    Ok(Seen {
        ticket,
        user,
        order,
    })
}

/// What a page that led here wants to be said, if that is so.
fn said(visitor: &Visitor, seen: &Seen) -> Option<Notice> {
    let is_new = is_own(seen) && seen.ticket.status == TicketStatus::Available;
    let t = &visitor.words().ticket;
    match visitor.here.split_once('?')?.1 {
        "listed" if is_new => Some(Notice::good(t.is_listed)),
        "saved" if is_new => Some(Notice::good(t.is_saved)),
        _ => None,
    }
}

pub(super) fn page(visitor: &Visitor, seen: &Seen, notice: Option<Notice>) -> TicketPage {
    let (t, locale, ticket) = (visitor.words(), visitor.locale, &seen.ticket);
    let act = act(visitor, seen);
    let zone = ticket.time_zone.as_deref();
    TicketPage {
        page: visitor.frame(&ticket.title, seen.user.clone()),
        since: visitor.since(),
        card: Card::of_ticket(ticket, t, locale),
        zone: ticket
            .time_zone
            .clone()
            .filter(|_| ticket.starts_at.is_some()),
        listed: locale.long_day(ticket.created_at, zone),
        all_in: all_in(t, locale, seen),
        earns: shown::earns(ticket, t, locale).filter(|_| is_own(seen)),
        lock_hint: lock_hint(t, visitor.app.settings.lock_seconds),
        news: news(t, &act),
        notice,
        act,
    }
}

/// That the price is all, and which fee is in it.
fn all_in(t: &Catalogue, locale: Locale, seen: &Seen) -> String {
    let (words, ticket) = (&t.ticket, &seen.ticket);
    let (plain, with_fee) = if is_own(seen) {
        (words.buyers_pay, words.buyers_pay_fee)
    } else {
        (words.all_in, words.includes_fee)
    };
    match ticket.fee.money(ticket.currency) {
        Ok(fee) if fee.minor() > 0 => {
            let fee = locale.money(&ticket.fee, ticket.currency);
            fill(with_fee, &[&fee])
        }
        _ => plain.to_owned(),
    }
}

pub(super) fn act(visitor: &Visitor, seen: &Seen) -> Act {
    let (t, ticket) = (&visitor.words().ticket, &seen.ticket);
    let is_own = is_own(seen);
    if let Some(order) = &seen.order {
        let id = order.id.to_string();
        return match order.status {
            OrderStatus::Complete => Act::Bought { order: id },
            _ => Act::Pay { order: id },
        };
    }
    let is_over = ticket.starts_at.is_some_and(|start| start <= visitor.now());
    match ticket.status {
        TicketStatus::Reserved if is_own => nothing(&t.own_reserved),
        TicketStatus::Reserved => nothing(&t.reserved),
        TicketStatus::Sold if is_own => {
            let zone = ticket.time_zone.as_deref();
            let when = visitor.locale.day(ticket.updated_at, zone);
            Act::Nothing {
                text: t.own_sold.text,
                hint: fill(t.own_sold.hint, &[&when]),
            }
        }
        TicketStatus::Sold => nothing(&t.sold),
        TicketStatus::Withdrawn if is_own => nothing(&t.own_withdrawn),
        TicketStatus::Withdrawn => nothing(&t.withdrawn),
        TicketStatus::Available if is_own => Act::Own,
        TicketStatus::Available if is_over => nothing(&t.over),
        TicketStatus::Available if seen.user.is_none() => Act::SignIn,
        TicketStatus::Available => Act::Buy {
            price: ticket.total.to_string(),
            key: visitor.new_key(),
        },
    }
}

fn is_own(seen: &Seen) -> bool {
    let user = seen.user.as_ref();
    user.is_some_and(|user| user.id == seen.ticket.user_id)
}

fn nothing(standing: &Standing) -> Act {
    Act::Nothing {
        text: standing.text,
        hint: standing.hint.to_owned(),
    }
}

fn news(t: &Catalogue, act: &Act) -> String {
    let text = match act {
        Act::Buy { .. } | Act::SignIn | Act::Own => t.home.for_sale,
        Act::Pay { .. } => t.ticket.reserved_by_you,
        Act::Bought { .. } => t.ticket.bought,
        Act::Nothing { text, .. } => text,
    };
    text.to_owned()
}

/// For how long a ticket is held.
fn lock_hint(t: &Catalogue, seconds: u32) -> String {
    let t = &t.ticket;
    let span = if seconds >= 120 {
        fill(t.minutes, &[&(seconds / 60).to_string()])
    } else {
        fill(t.seconds, &[&seconds.to_string()])
    };
    fill(t.lock_hint, &[&span])
}

/// The address of a listing.
pub(super) fn path(ticket: &Ticket) -> String {
    format!("/tickets/{}", ticket.id)
}
