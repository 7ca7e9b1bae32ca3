//! `/auth/signin`: begins a session.

use axum::extract::RawQuery;
use axum::response::Response;
use tessera_platform::http::Failure;

use super::door::{self, Side};
use crate::form::Form;
use crate::visitor::Visitor;

pub(super) const SIDE: Side = Side {
    words: |t| &t.account.sign_in,
    here: "/auth/signin",
    other: "/auth/signup",
    api: "/api/users/signin",
};

pub(super) async fn show(visitor: Visitor, RawQuery(query): RawQuery) -> Result<Response, Failure> {
    door::show(&SIDE, &visitor, query).await
}

pub(super) async fn submit(
    visitor: Visitor,
    RawQuery(query): RawQuery,
    form: Form,
) -> Result<Response, Failure> {
    door::submit(&SIDE, &visitor, query, &form).await
}
