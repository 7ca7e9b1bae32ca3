//! Refusals, as a person sees them: what went wrong, and a way on.

use askama::Template;
use axum::http::HeaderMap;
use tessera_contracts::http::Problem;

use crate::app::App;
use crate::catalogue::{self, Catalogue, Refusal};
use crate::frame::Frame;
use crate::visitor;

#[derive(Template)]
#[template(path = "problem.html")]
pub(super) struct ProblemPage {
    pub(super) page: Frame,
    pub(super) status: u16,
    pub(super) words: Refusal,
}

/// The page of a refusal. It asks nobody anything: a service that does not answer may be why it is shown.
pub(crate) fn html(app: &App, headers: &HeaderMap, problem: &Problem) -> String {
    let locale = visitor::locale(app, headers);
    let words = catalogue::of(locale.language());
    let refusal = refusal(words, problem);
    let title = refusal.title.to_owned();
    let page = ProblemPage {
        page: Frame::new(&app.settings, locale, title, None, "/").bare(),
        status: problem.status,
        words: refusal,
    };
    // A page that cannot be written is still told in words.
    page.render()
        .unwrap_or_else(|_| words.refusals.broken.title.to_owned())
}

pub(super) fn refusal(words: &Catalogue, problem: &Problem) -> Refusal {
    let all = &words.refusals;
    match problem.status {
        400 | 405 | 408 | 411..=428 => all.not_understood,
        401 | 403 => all.forbidden,
        404 | 410 => all.not_found,
        409 => all.not_now,
        429 => all.too_many,
        502..=504 => all.unavailable,
        _ => all.broken,
    }
}
