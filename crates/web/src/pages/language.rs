//! `POST /language`: another language, from the foot of any page.

use axum::http::header;
use axum::response::Response;
use tessera_platform::http::Failure;

use super::next;
use crate::form::Form;
use crate::locale::Language;
use crate::visitor::{Visitor, language_cookie};

pub(super) async fn choose(visitor: Visitor, form: Form) -> Result<Response, Failure> {
    let mut response = visitor.see_other(next::parse(form.text("next")))?;
    let chosen = Language::parse(form.text("language"));
    let cookie = |language| language_cookie(language, visitor.app.settings.public_url.is_https());
    if let Some(cookie) = chosen.and_then(cookie) {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
    Ok(response)
}
