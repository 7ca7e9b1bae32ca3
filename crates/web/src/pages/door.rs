//! What signing in and signing up have in common: one form, that leads back to where it was needed.

use askama::Template;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::json;
use tessera_platform::http::Failure;

use super::next;
use crate::catalogue::{Account, Catalogue, Door};
use crate::fields::FieldsShown;
use crate::form::Form;
use crate::frame::Frame;
use crate::notice::Notice;
use crate::visitor::Visitor;

/// One of the two pages.
pub(super) struct Side {
    pub(super) words: fn(&'static Catalogue) -> &'static Door,
    /// Where it is, and where the other one is.
    pub(super) here: &'static str,
    pub(super) other: &'static str,
    /// What auth is asked.
    pub(super) api: &'static str,
}

#[derive(Template)]
#[template(path = "credentials.html")]
pub(super) struct DoorPage {
    pub(super) page: Frame,
    pub(super) words: &'static Door,
    pub(super) notice: Option<Notice>,
    pub(super) fields: FieldsShown,
    /// Where the form is sent.
    pub(super) action: String,
    /// The other one of the two pages.
    pub(super) other: String,
}

pub(super) async fn show(
    side: &Side,
    visitor: &Visitor,
    query: Option<String>,
) -> Result<Response, Failure> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    if visitor.user_if_known().await.is_some() {
        return visitor.see_other(next::parse(query.text("next")));
    }
    let page = DoorPage {
        notice: why(&visitor.words().account, query.text("why")),
        ..page(side, visitor, &query, FieldsShown::default())
    };
    visitor.page(StatusCode::OK, &page)
}

/// What led here.
pub(super) fn why(t: &Account, why: &str) -> Option<Notice> {
    match why {
        "ended" => Some(Notice::bad(t.session_ended)),
        "not_done" => Some(Notice::bad(t.not_done)),
        "signed_out" => Some(Notice::good(t.signed_out)),
        "deleted" => Some(Notice::good(t.deleted)),
        _ => None,
    }
}

pub(super) fn page(side: &Side, visitor: &Visitor, query: &Form, fields: FieldsShown) -> DoorPage {
    let words = (side.words)(visitor.words());
    let next = next::as_parameter(query.text("next"));
    DoorPage {
        page: visitor.frame(words.heading, None),
        words,
        notice: None,
        fields,
        action: format!("{}?next={next}", side.here),
        other: format!("{}?next={next}", side.other),
    }
}

pub(super) async fn submit(
    side: &Side,
    visitor: &Visitor,
    query: Option<String>,
    form: &Form,
) -> Result<Response, Failure> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let body = json!({ "email": form.text("email"), "password": form.raw("password") });
    let answer = visitor.ask(Method::POST, side.api, Some(&body)).await?;
    match answer.accepted() {
        Ok(_) => visitor.see_other(next::parse(query.text("next"))),
        Err(failure) if failure.status().is_server_error() => Err(failure),
        Err(refusal) => {
            let (fields, notice) = refused(visitor.words(), form, &refusal);
            let page = DoorPage {
                notice,
                ..page(side, visitor, &query, fields)
            };
            visitor.refused(&refusal, &page)
        }
    }
}

/// What a refusal says of the fields. A password is never shown again.
pub(super) fn refused(
    t: &Catalogue,
    form: &Form,
    refusal: &Failure,
) -> (FieldsShown, Option<Notice>) {
    let words = &t.account;
    let mut fields = FieldsShown::default().with("email", form.text("email"));
    let notice = match refusal.code() {
        "invalid_credentials" => Some(words.wrong_credentials),
        "too_many_requests" => Some(words.too_often),
        "email_in_use" => {
            fields.refuse("email", words.email_in_use);
            None
        }
        _ => {
            for error in &refusal.problem().errors {
                match error.field.as_deref() {
                    Some("email") => fields.refuse("email", words.wrong_email),
                    Some("password") => fields.refuse("password", words.wrong_password_form),
                    _ => return (fields, Some(Notice::bad(t.refusals.try_again))),
                }
            }
            None
        }
    };
    (fields, notice.map(Notice::bad))
}
