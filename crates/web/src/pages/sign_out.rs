//! `/auth/signout`: ends the session.

use askama::Template;
use axum::http::{Method, StatusCode};
use axum::response::Response;
use serde_json::json;
use tessera_platform::http::Failure;

use crate::frame::Frame;
use crate::visitor::Visitor;

#[derive(Template)]
#[template(path = "sign_out.html")]
pub(super) struct SignOutPage {
    pub(super) page: Frame,
}

/// For who comes by its address: looking at a page ends nothing.
pub(super) async fn show(visitor: Visitor) -> Result<Response, Failure> {
    let user = visitor.user_if_known().await;
    if user.is_none() {
        return visitor.see_other("/");
    }
    let t = visitor.words();
    let page = SignOutPage {
        page: visitor.frame(t.account.sign_out_heading, user),
    };
    visitor.page(StatusCode::OK, &page)
}

pub(super) async fn submit(visitor: Visitor) -> Result<Response, Failure> {
    let answer = visitor
        .ask(Method::POST, "/api/users/signout", Some(&json!({})))
        .await?;
    answer.accepted()?;
    visitor.see_other("/auth/signin?why=signed_out")
}
