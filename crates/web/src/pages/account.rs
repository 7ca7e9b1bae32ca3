//! `/account`: one's password, sessions and data, and the end of it all.

use askama::Template;
use axum::extract::RawQuery;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};
use tessera_contracts::http::users::User;
use tessera_platform::http::Failure;

use crate::catalogue::Catalogue;
use crate::fields::FieldsShown;
use crate::form::Form;
use crate::frame::Frame;
use crate::notice::Notice;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "account.html")]
pub(super) struct AccountPage {
    pub(super) page: Frame,
    pub(super) email: String,
    pub(super) notice: Option<Notice>,
    pub(super) change: FieldsShown,
    pub(super) deletion: FieldsShown,
}

pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    let user = visitor.must_be_user().await?;
    let is_changed = query.as_deref() == Some("changed");
    let changed = Notice::good(visitor.words().account.password_changed);
    let page = AccountPage {
        notice: is_changed.then_some(changed),
        ..page(&visitor, user)
    };
    visitor.page(StatusCode::OK, &page)
}

pub(super) fn page(visitor: &Visitor, user: User) -> AccountPage {
    AccountPage {
        email: user.email.clone(),
        page: visitor.frame(visitor.words().account.heading, Some(user)),
        notice: None,
        change: FieldsShown::default(),
        deletion: FieldsShown::default(),
    }
}

pub(super) async fn submit(visitor: Visitor, form: Form) -> Result<Response, Failure> {
    let user = visitor.must_be_user().await?;
    match form.text("do") {
        "password" => change_password(&visitor, user, &form).await,
        "everywhere" => {
            let body = json!({ "everywhere": true });
            send(&visitor, Method::POST, "signout", &body).await??;
            visitor.see_other("/auth/signin?why=signed_out")
        }
        "delete" => delete(&visitor, user, &form).await,
        _ => Err(Failure::invalid("do", "Say what to do")),
    }
}

async fn change_password(visitor: &Visitor, user: User, form: &Form) -> Result<Response, Failure> {
    let body = json!({ "current": form.raw("current"), "new": form.raw("new") });
    let Err(refusal) = send(visitor, Method::POST, "password", &body).await? else {
        return visitor.see_other("/account?changed");
    };
    let (change, notice) = refused(visitor.words(), &refusal, "current");
    let page = AccountPage {
        change,
        notice,
        ..page(visitor, user)
    };
    visitor.refused(&refusal, &page)
}

async fn delete(visitor: &Visitor, user: User, form: &Form) -> Result<Response, Failure> {
    let body = json!({ "password": form.raw("password") });
    let Err(refusal) = send(visitor, Method::DELETE, "me", &body).await? else {
        return visitor.see_other("/auth/signin?why=deleted");
    };
    let (deletion, notice) = refused(visitor.words(), &refusal, "password");
    let page = AccountPage {
        deletion,
        notice,
        ..page(visitor, user)
    };
    visitor.refused(&refusal, &page)
}

/// Asks auth; answers what is to be told beside the form.
async fn send(
    visitor: &Visitor,
    method: Method,
    what: &str,
    body: &Value,
) -> Result<Result<(), Failure>, Failure> {
    let path = format!("/api/users/{what}");
    let answer = visitor.ask(method, &path, Some(body)).await?;
    match answer.accepted() {
        Ok(_) => Ok(Ok(())),
        // The session is over: to the door.
        Err(failure) if failure.code() == "not_signed_in" => Err(failure),
        Err(failure) if failure.status().is_server_error() => Err(failure),
        Err(failure) => Ok(Err(failure)),
    }
}

/// What a refusal says of the fields; `own` is the one with the password of now. None is shown again.
pub(super) fn refused(
    t: &Catalogue,
    refusal: &Failure,
    own: &str,
) -> (FieldsShown, Option<Notice>) {
    let words = &t.account;
    let mut fields = FieldsShown::default();
    match refusal.code() {
        "invalid_credentials" => fields.refuse(own, words.wrong_password),
        "too_many_requests" => return (fields, Some(Notice::bad(words.too_often))),
        _ => {
            for error in &refusal.problem().errors {
                let field = error.field.as_deref().unwrap_or(own);
                fields.refuse(field, words.wrong_password_form);
            }
        }
    }
    (fields, None)
}
