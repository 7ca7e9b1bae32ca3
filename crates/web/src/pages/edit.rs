//! `/tickets/{id}/edit`: changes a listing of one's own, unless somebody else did so meanwhile.

use askama::Template;
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::Response;
use serde_json::json;
use tessera_contracts::TicketId;
use tessera_contracts::http::tickets::Ticket;
use tessera_contracts::http::users::User;
use tessera_platform::http::{Failure, Path};

use super::ticket::{self, Seen};
use super::ticket_form::{self, TicketForm};
use crate::form::Form;
use crate::frame::Frame;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "edit.html")]
pub(super) struct EditPage {
    pub(super) page: Frame,
    pub(super) id: TicketId,
    /// That of the listing as the form shows it.
    pub(super) version: String,
    pub(super) form: TicketForm,
}

pub(super) async fn show(visitor: Visitor, Path(id): Path<TicketId>) -> Result<Response, Failure> {
    let (user, ticket) = own(&visitor, id).await?;
    if !may_change(&visitor, &ticket, &user) {
        // The listing's own page says why not.
        return visitor.see_other(&ticket::path(&ticket));
    }
    let page = page(&visitor, user, &ticket);
    visitor.page(StatusCode::OK, &page)
}

/// A listing of the visitor's own.
pub(super) async fn own(visitor: &Visitor, id: TicketId) -> Result<(User, Ticket), Failure> {
    let user = visitor.must_be_user().await?;
    let ticket: Ticket = visitor.get(&format!("/api/tickets/{id}")).await?;
    if ticket.user_id != user.id {
        return Err(Failure::forbidden(
            "not_your_ticket",
            "This ticket is not yours.",
        ));
    }
    Ok((user, ticket))
}

/// Only to lead people to what they can do; tickets decides it.
pub(super) fn may_change(visitor: &Visitor, ticket: &Ticket, user: &User) -> bool {
    let seen = Seen {
        ticket: ticket.clone(),
        user: Some(user.clone()),
        order: None,
    };
    ticket::act(visitor, &seen) == ticket::Act::Own
}

pub(super) fn page(visitor: &Visitor, user: User, ticket: &Ticket) -> EditPage {
    let values = ticket_form::of_ticket(ticket, visitor.locale);
    EditPage {
        page: visitor.frame(visitor.words().edit.heading, Some(user)),
        id: ticket.id,
        version: ticket.version.to_string(),
        form: TicketForm::new(values, String::new(), visitor.locale),
    }
}

pub(super) async fn submit(
    visitor: Visitor,
    Path(id): Path<TicketId>,
    form: Form,
) -> Result<Response, Failure> {
    let (user, ticket) = own(&visitor, id).await?;
    // If it is of another version by now than the form is, nothing is changed at all.
    let shown = ticket_form::of_ticket(&ticket, visitor.locale);
    let body = ticket_form::change(&form, &shown, visitor.locale);
    let version = HeaderValue::try_from(format!("\"{}\"", form.text("version")));
    let version = version.map_err(|_| Failure::invalid("version", "version is no number"))?;
    let answer = visitor
        .ask_of_version(Method::PUT, &format!("/api/tickets/{id}"), &body, version)
        .await?;
    let refusal = match answer.accepted() {
        Ok(_) => return visitor.see_other(&format!("/tickets/{id}?saved")),
        Err(refusal) => refusal,
    };
    let t = visitor.words();
    match refusal.status() {
        StatusCode::PRECONDITION_FAILED => {
            let (user, ticket) = own(&visitor, id).await?;
            let shown = ticket_form::of_ticket(&ticket, visitor.locale);
            if ticket_form::change(&form, &shown, visitor.locale) == json!({}) {
                // It says so already: the form was sent twice.
                return visitor.see_other(&format!("/tickets/{id}?saved"));
            }
            let mut page = page(&visitor, user, &ticket);
            page.form.notice = Some(t.edit.changed_meanwhile.to_owned());
            visitor.refused(&refusal, &page)
        }
        // Reserved, sold or withdrawn meanwhile: its page says so.
        StatusCode::CONFLICT => visitor.see_other(&format!("/tickets/{id}")),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND => Err(refusal),
        _ => {
            let form_shown = TicketForm::new(form.clone(), String::new(), visitor.locale);
            let page = EditPage {
                version: form.text("version").to_owned(),
                form: form_shown.refused(t, &refusal),
                ..page(&visitor, user, &ticket)
            };
            visitor.refused(&refusal, &page)
        }
    }
}
