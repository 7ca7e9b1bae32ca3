//! `/auth/signup`: makes an account, and begins a session.

use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::Response;
use tessera_platform::http::Failure;

use super::next;
use super::sign_in::{CredentialsPage, refused, send};
use crate::fields::FieldsShown;
use crate::form::Form;
use crate::visitor::Visitor;

pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    if visitor.user_if_known().await.is_some() {
        return visitor.see_other(next::parse(query.text("next")));
    }
    let page = page(&visitor, &query, FieldsShown::default());
    visitor.page(StatusCode::OK, &page)
}

pub(super) fn page(visitor: &Visitor, query: &Form, fields: FieldsShown) -> CredentialsPage {
    let t = visitor.words();
    let next = next::as_parameter(query.text("next"));
    CredentialsPage {
        page: visitor.frame(t.account.sign_up.heading, None),
        words: &t.account.sign_up,
        notice: None,
        fields,
        action: format!("/auth/signup?next={next}"),
        other: format!("/auth/signin?next={next}"),
    }
}

pub(super) async fn submit(
    visitor: Visitor,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, Failure> {
    let query = Form::parse(query.unwrap_or_default().as_bytes());
    match send(&visitor, "/api/users/signup", &form).await? {
        Ok(()) => visitor.see_other(next::parse(query.text("next"))),
        Err(refusal) => {
            let (fields, notice) = refused(visitor.words(), &form, &refusal);
            let page = CredentialsPage {
                notice,
                ..page(&visitor, &query, fields)
            };
            visitor.refused(&refusal, &page)
        }
    }
}
