//! `/auth/signin`: begins a session, and leads back to where it was needed.

use askama::Template;
use axum::extract::RawQuery;
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

/// For signing in, and for signing up.
#[derive(Template)]
#[template(path = "credentials.html")]
pub(super) struct CredentialsPage {
    pub(super) page: Frame,
    pub(super) words: &'static Door,
    pub(super) notice: Option<Notice>,
    pub(super) fields: FieldsShown,
    /// Where the form is sent.
    pub(super) action: String,
    /// The other one of the two pages.
    pub(super) other: String,
}

pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    if visitor.user_if_known().await.is_some() {
        return visitor.see_other(next::parse(query.text("next")));
    }
    let t = visitor.words();
    let page = CredentialsPage {
        notice: why(&t.account, query.text("why")),
        ..page(&visitor, &query, FieldsShown::default())
    };
    visitor.page(StatusCode::OK, &page)
}

pub(super) fn why(t: &Account, why: &str) -> Option<Notice> {
    match why {
        "ended" => Some(Notice::bad(t.session_ended)),
        "not_done" => Some(Notice::bad(t.not_done)),
        "signed_out" => Some(Notice::good(t.signed_out)),
        "deleted" => Some(Notice::good(t.deleted)),
        _ => None,
    }
}

pub(super) fn page(visitor: &Visitor, query: &Form, fields: FieldsShown) -> CredentialsPage {
    let t = visitor.words();
    let next = next::as_parameter(query.text("next"));
    CredentialsPage {
        page: visitor.frame(t.account.sign_in.heading, None),
        words: &t.account.sign_in,
        notice: None,
        fields,
        action: format!("/auth/signin?next={next}"),
        other: format!("/auth/signup?next={next}"),
    }
}

pub(super) async fn submit(
    visitor: Visitor,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, Failure> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    let answer = send(&visitor, "/api/users/signin", &form).await?;
    match answer {
        Ok(()) => visitor.see_other(next::parse(query.text("next"))),
        Err(refusal) => {
            let t = visitor.words();
            let (fields, notice) = refused(t, &form, &refusal);
            let page = CredentialsPage {
                notice,
                ..page(&visitor, &query, fields)
            };
            visitor.refused(&refusal, &page)
        }
    }
}

/// Sends address and password, and answers what is to be told of them.
pub(super) async fn send(
    visitor: &Visitor,
    path: &str,
    form: &Form,
) -> Result<Result<(), Failure>, Failure> {
    let body = json!({ "email": form.text("email"), "password": form.raw("password") });
    let answer = visitor.ask(Method::POST, path, Some(&body)).await?;
    match answer.accepted() {
        Ok(_) => Ok(Ok(())),
        Err(failure) if failure.status().is_server_error() => Err(failure),
        Err(failure) => Ok(Err(failure)),
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
