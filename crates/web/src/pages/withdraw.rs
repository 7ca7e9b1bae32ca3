//! `/tickets/{id}/withdraw`: takes a listing of one's own off the market, after a question.

use askama::Template;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use tessera_contracts::TicketId;
use tessera_platform::http::{Failure, Path};

use super::edit::{may_change, own};
use super::ticket;
use crate::frame::Frame;
use crate::shown::Card;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "withdraw.html")]
pub(super) struct WithdrawPage {
    pub(super) page: Frame,
    pub(super) card: Card,
}

pub(super) async fn show(visitor: Visitor, Path(id): Path<TicketId>) -> Result<Response, Failure> {
    let (user, ticket) = own(&visitor, id).await?;
    if !may_change(&visitor, &ticket, &user) {
        return visitor.see_other(&ticket::path(&ticket));
    }
    let t = visitor.words();
    let page = WithdrawPage {
        card: Card::of_ticket(&ticket, t, visitor.locale),
        page: visitor.frame(t.withdraw.heading, Some(user)),
    };
    visitor.page(StatusCode::OK, &page)
}

pub(super) async fn submit(
    visitor: Visitor,
    Path(id): Path<TicketId>,
) -> Result<Response, Failure> {
    // Renews a session that is about to be needed; whether it counts is for tickets to say.
    visitor.user_if_known().await;
    let path = format!("/api/tickets/{id}");
    let answer = visitor.ask(Method::DELETE, &path, None).await?;
    match answer.accepted() {
        Ok(_) => visitor.see_other("/listings"),
        // Reserved, sold or withdrawn meanwhile: its page says so.
        Err(refusal) if refusal.status() == StatusCode::CONFLICT => {
            visitor.see_other(&format!("/tickets/{id}"))
        }
        Err(refusal) => Err(refusal),
    }
}
