//! `/tickets/new`: lists a ticket, with a look at its card beforehand.

use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use tessera_contracts::http::tickets::Ticket;
use tessera_contracts::http::users::User;
use tessera_platform::http::Failure;

use super::ticket;
use super::ticket_form::{self, Preview, TicketForm};
use crate::form::Form;
use crate::frame::Frame;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "sell.html")]
pub(super) struct SellPage {
    pub(super) page: Frame,
    pub(super) form: TicketForm,
    pub(super) preview: Option<Preview>,
}

pub(super) async fn show(visitor: Visitor) -> Result<Response, Failure> {
    let user = visitor.must_be_user().await?;
    let empty = TicketForm::new(Form::default(), visitor.new_key(), visitor.locale);
    visitor.page(StatusCode::OK, &page(&visitor, user, empty, None))
}

pub(super) fn page(
    visitor: &Visitor,
    user: User,
    form: TicketForm,
    preview: Option<Preview>,
) -> SellPage {
    SellPage {
        page: visitor.frame(visitor.words().sell.heading, Some(user)),
        form,
        preview,
    }
}

pub(super) async fn submit(visitor: Visitor, form: Form) -> Result<Response, Failure> {
    let user = visitor.must_be_user().await?;
    let (t, locale) = (visitor.words(), visitor.locale);
    let fees = visitor.app.settings.fees;
    let preview = ticket_form::preview(&form, fees, t, locale);
    // The key stays with the form, so that it is listed once however it came to be sent.
    let shown = |form: &Form| {
        let key = Some(form.text("key")).filter(|key| !key.is_empty());
        let key = key.map_or_else(|| visitor.new_key(), str::to_owned);
        TicketForm::new(form.clone(), key, locale)
    };
    if form.text("do") == "preview" {
        return visitor.page(StatusCode::OK, &page(&visitor, user, shown(&form), preview));
    }
    let body = ticket_form::body(&form, locale);
    let answer = visitor
        .post_once("/api/tickets", &body, form.text("key"))
        .await?;
    match answer.accepted() {
        Ok(answer) => {
            let listed: Ticket = answer.read()?;
            visitor.see_other(&format!("{}?listed", ticket::path(&listed)))
        }
        Err(refusal) if refusal.status() == StatusCode::UNAUTHORIZED => Err(refusal),
        Err(refusal) => {
            let form = shown(&form).refused(t, &refusal);
            visitor.refused(&refusal, &page(&visitor, user, form, preview))
        }
    }
}
